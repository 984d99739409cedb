package receipt

import (
	"slices"
	"strings"

	"almasu/exchange"
	"almasu/internal/mimepart"
)

// MDNDecision says whether a disposition notification may be sent, and if not,
// why. Its words go to the log and the console.
type MDNDecision string

// The decisions. Only MDNAllowed lets one go out.
const (
	MDNAllowed           MDNDecision = "allowed"
	MDNNotAuthenticated  MDNDecision = "the message is not authenticated"
	MDNNotRequested      MDNDecision = "none was requested"
	MDNForMDN            MDNDecision = "the message is a notification itself"
	MDNManyAddresses     MDNDecision = "Disposition-Notification-To is not exactly one address"
	MDNNoReturnPath      MDNDecision = "Return-Path is missing, null or unreadable"
	MDNReturnPathDiffers MDNDecision = "Disposition-Notification-To differs from Return-Path"
	MDNNotRegistered     MDNDecision = "the address is not registered for the signer"
	MDNProtectedDiffers  MDNDecision = "the protected Disposition-Notification-To differs from the outer one"
	MDNRequiredOption    MDNDecision = "an option is required that is not understood"
)

// MayAnswerMDN reports whether an MDN may answer the message: DecideMDN says
// MDNAllowed. That it is sent once per arrival is the caller's part.
func MayAnswerMDN(outer, protected *mimepart.Part, signer *exchange.Participant) bool {
	return DecideMDN(outer, protected, signer) == MDNAllowed
}

// DecideMDN is the rule of DESIGN section 5 and RFC 8098 sections 2.1 and 2.2:
// the outer Disposition-Notification-To is one address, equal to Return-Path
// and registered for the signer; it equals the protected one, if there is one;
// and no unknown `required` option stands in the message. outer is the root of
// the mail as it arrived, protected the root inside the signature or nil,
// signer the participant whose signature and From were established or nil.
func DecideMDN(outer, protected *mimepart.Part, signer *exchange.Participant) MDNDecision {
	if signer == nil || outer == nil {
		return MDNNotAuthenticated
	}
	requested := outer.Values("Disposition-Notification-To")
	if len(requested) == 0 {
		return MDNNotRequested
	}
	if _, isMDN := ParseMDN(outer); isMDN {
		return MDNForMDN
	}
	if _, isMDN := ParseMDN(protected); isMDN {
		return MDNForMDN
	}
	to := oneAddress(requested)
	returnPath := oneAddress(outer.Values("Return-Path")[:min(1, len(outer.Values("Return-Path")))])
	switch {
	case to == "":
		return MDNManyAddresses
	case returnPath == "":
		return MDNNoReturnPath
	case !exchange.SameAddress(to, returnPath):
		return MDNReturnPathDiffers
	case !signer.HasAddress(to):
		return MDNNotRegistered
	}
	options := outer.Values("Disposition-Notification-Options")
	if protected != nil && protected != outer {
		inner := protected.Values("Disposition-Notification-To")
		if len(inner) > 0 && !exchange.SameAddress(to, oneAddress(inner)) {
			return MDNProtectedDiffers
		}
		options = append(slices.Clone(options), protected.Values("Disposition-Notification-Options")...)
	}
	if slices.ContainsFunc(options, requiresUnknown) {
		return MDNRequiredOption
	}
	return MDNAllowed
}

// oneAddress is the address where the fields hold exactly one, "" otherwise.
// Return-Path is read the same way; of several the caller passes the topmost,
// which the last server wrote.
func oneAddress(fields []string) string {
	addresses, err := mimepart.Addresses(fields)
	if err != nil || len(fields) != 1 || len(addresses) != 1 {
		return ""
	}
	return addresses[0]
}

// requiresUnknown looks for a parameter marked `required` that we do not
// understand or whose values name nothing we can do. What cannot be read
// counts as such.
func requiresUnknown(options string) bool {
	for parameter := range strings.SplitSeq(options, ";") {
		if strings.TrimSpace(parameter) == "" {
			continue
		}
		attribute, values, ok := strings.Cut(parameter, "=")
		words := strings.Split(values, ",")
		importance := lower(words[0])
		if ok && importance == "optional" {
			continue
		}
		if !ok || importance != "required" || !slices.ContainsFunc(words[1:], understood(lower(attribute))) {
			return true
		}
	}
	return false
}

// understood says which values of an attribute we can meet: our notifications
// are signed with OpenPGP over SHA-2 (RFC 3335 section 5.1).
func understood(attribute string) func(string) bool {
	known := map[string][]string{
		"signed-receipt-protocol": {"pgp-signature"},
		"signed-receipt-micalg":   {"sha256", "sha512"},
	}[attribute]
	return func(value string) bool {
		return slices.Contains(known, domainHash(strings.Trim(strings.TrimSpace(value), `"`)))
	}
}

package mailin

import (
	"crypto/x509"
	"errors"
	"fmt"
	"strings"

	"github.com/emersion/go-imap/v2"
)

// Step is one stage of talking to a mailbox.
type Step string

// The steps in their order.
const (
	StepSettings Step = "settings"
	StepConnect  Step = "connect"
	StepTLS      Step = "tls"
	StepGreeting Step = "greeting"
	StepLogin    Step = "login"
	StepSelect   Step = "select"
	StepFolders  Step = "folders"
	StepFetch    Step = "fetch"
	StepMove     Step = "move"
	StepIdle     Step = "idle"
)

// StepError says at which step a mailbox failed, why, and what to look at.
type StepError struct {
	Step    Step
	Mailbox string
	Address string
	Err     error
	Hint    string // "" where there is nothing better to say than the cause
}

// Error names operation, object, cause and hint.
func (e *StepError) Error() string {
	text := fmt.Sprintf("mailbox %s: %s at %s: %v", e.Mailbox, e.Step, e.Address, e.Err)
	if e.Hint != "" {
		text += " (" + e.Hint + ")"
	}
	return text
}

// Unwrap returns the cause.
func (e *StepError) Unwrap() error { return e.Err }

var (
	errPlaintext = errors.New("mail and password would travel in clear")
	errSetting   = errors.New("wrong setting")
	errNoLogin   = errors.New("the server offers no way to log in over this connection")
)

// fault makes the StepError of a mailbox. The password never gets into it,
// even if the server repeats it.
func (m *Mailbox) fault(step Step, err error) *StepError {
	if step == StepLogin && m.Password != "" && strings.Contains(err.Error(), m.Password) {
		err = errors.New("refused (the server's words repeat the password and are left out)")
	}
	return &StepError{Step: step, Mailbox: m.Name, Address: m.Address, Err: err, Hint: hint(step, err)}
}

func hint(step Step, err error) string {
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	switch {
	case errors.As(err, &unknown):
		return "give the authority of the server's certificate as ca_file"
	case errors.As(err, &name):
		return "give the name in the certificate as server_name"
	case step == StepConnect:
		return "check the address, and that no firewall is in between"
	case step == StepTLS || step == StepGreeting:
		return "check that tls fits the port: implicit on 993, starttls on 143"
	case step == StepLogin && refused(err):
		return "check username and password_file"
	case step == StepSelect && refused(err):
		return "check folder"
	case step == StepFolders && refused(err):
		return "make the folders named as done and held by hand, or let the user make them"
	}
	return ""
}

// refused reports that the server answered NO or BAD, so that the connection
// is still good.
func refused(err error) bool {
	var e *imap.Error
	return errors.As(err, &e) && e.Type != imap.StatusResponseTypeBye
}

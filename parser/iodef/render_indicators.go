package iodef

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"

	"almasu/exchange"
)

// indicators writes each indicator as one with one Observable. Its id is made
// from that of the report, so that it is the same each time.
func (w *renderer) indicators(list []exchange.Indicator) *node {
	n := el("IndicatorData")
	for k, i := range list {
		id := &node{name: "IndicatorID", text: fmt.Sprintf("i%d-%s", k+1, strings.ReplaceAll(w.r.ID, ":", "_"))}
		id.attr("name", w.name).attr("version", fmt.Sprint(w.r.Revision))
		n.with(el("Indicator", id, leaf("Description", i.Note), el("Observable", observable(i))))
	}
	return hollow(n)
}

// observable is the value of an indicator in IODEF's own words where it has
// them.
func observable(i exchange.Indicator) *node {
	switch i.Type {
	case "ip":
		return address(ipCategory(i.Value), i.Value)
	case "url":
		return address("site-uri", i.Value)
	case "email":
		return address("e-mail", i.Value)
	case "fqdn":
		return domainData(i.Value)
	case "file-name":
		return el("FileData", el("File", leaf("FileName", i.Value)))
	case "yara":
		return el("DetectionPattern", el("Application", leaf("Description", "YARA")), leaf("DetectionConfiguration", i.Value))
	}
	if sum, err := hex.DecodeString(i.Value); err == nil {
		for _, a := range hashes {
			if a.kind == i.Type {
				hash := el("Hash", el("ds:DigestMethod").attr("Algorithm", a.uri), leaf("ds:DigestValue", base64.StdEncoding.EncodeToString(sum)))
				return el("FileData", el("File", el("HashData", hash).attr("scope", "file-contents")))
			}
		}
	}
	return field("other", "string", i.Value)
}

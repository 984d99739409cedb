package csaf

import (
	"strings"

	"almasu/parser/shape"
)

// The sharing groups with a meaning of their own (CSAF 2.1 section 3.2.2.5.1).
const (
	maxUUID = "ffffffff-ffff-ffff-ffff-ffffffffffff"
	nilUUID = "00000000-0000-0000-0000-000000000000"
	public  = "Public"
	nobody  = "No sharing allowed"
)

// testSharing makes the tests of the sharing group of version 2.1: 6.1.38 to
// 6.1.41.
func (a *advisory) testSharing() {
	group := shape.Get(a.document, "distribution", "sharing_group")
	if group == nil {
		return
	}
	id, name := strings.ToLower(shape.Text(group, "id")), shape.Text(group, "name")
	clear := shape.Text(a.document, "distribution", "tlp", "label") == "CLEAR"
	draft := shape.Text(a.document, "tracking", "status") == "draft"
	switch {
	case !clear && id == maxUUID:
		a.Semantic(group, "id", "semantic-csaf-38")
	case clear && id != maxUUID && (id != nilUUID || !draft):
		a.Semantic(group, "id", "semantic-csaf-39")
	}
	meant := map[string]string{maxUUID: public, nilUUID: nobody}[id]
	switch {
	case name == public && id != maxUUID, name == nobody && id != nilUUID:
		a.Semantic(group, "name", "semantic-csaf-40")
	case meant != "" && name != meant:
		a.Semantic(group, "name", "semantic-csaf-41", meant)
	}
}

package stix

import (
	"almasu/exchange"
	"almasu/parser/shape"
	"almasu/parser/tree"
)

// tlpMarking is one of the marking definitions everybody shares.
type tlpMarking struct {
	id    string
	word  string // TLP 1: definition.tlp; TLP 2.0: tlp_2_0 of the extension
	label exchange.TLP
	two   bool // of TLP 2.0
}

// tlpExtension is the extension of the TLP 2.0 marking definitions.
const tlpExtension = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"

// tlpMarkings are the definitions of TLP 2.0 and, below them, those of TLP 1
// (section 7.2.1.4). The AMBER of TLP 1 was for the organisation alone, so it
// is AMBER+STRICT now.
func tlpMarkings() []tlpMarking {
	return []tlpMarking{
		{"marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487", "clear", exchange.TLPClear, true},
		{"marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb", "green", exchange.TLPGreen, true},
		{"marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421", "amber", exchange.TLPAmber, true},
		{"marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003", "amber+strict", exchange.TLPAmberStrict, true},
		{"marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1", "red", exchange.TLPRed, true},
		{"marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9", "white", exchange.TLPClear, false},
		{"marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da", "green", exchange.TLPGreen, false},
		{"marking-definition--f88d31f6-486f-44da-b317-01333bde0b82", "amber", exchange.TLPAmberStrict, false},
		{"marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed", "red", exchange.TLPRed, false},
	}
}

// strictest orders the labels.
func strictest(a, b exchange.TLP) exchange.TLP {
	rank := map[exchange.TLP]int{exchange.TLPClear: 1, exchange.TLPGreen: 2, exchange.TLPAmber: 3, exchange.TLPAmberStrict: 4, exchange.TLPRed: 5}
	if rank[b] > rank[a] {
		return b
	}
	return a
}

// tlp is the strictest label an object is marked with, "" if with none.
func (b *bundle) tlp(o *tree.Node) exchange.TLP {
	var label exchange.TLP
	for _, ref := range shape.Texts(o, "object_marking_refs") {
		for _, m := range tlpMarkings() {
			if m.id == ref {
				label = strictest(label, m.label)
			}
		}
	}
	return label
}

// definitionOf writes the marking definition of a label as TLP 2.0 has it.
func definitionOf(label exchange.TLP) (id string, definition *shape.Object) {
	for _, m := range tlpMarkings() {
		if m.two && m.label == label {
			return m.id, new(shape.Object).Set("type", "marking-definition").Set("spec_version", "2.1").Set("id", m.id).
				Set("created", "2022-10-01T00:00:00.000Z").Set("name", string(label)).
				Set("extensions", new(shape.Object).Set(tlpExtension, new(shape.Object).
					Set("extension_type", "property-extension").Set("tlp_2_0", m.word)))
		}
	}
	return "", nil
}

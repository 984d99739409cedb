package csaf

import (
	"strings"
	"testing"
)

func TestVersionRanges(t *testing.T) {
	for name, want := range map[string]bool{
		"vers:gem/>=2.2.0|!=2.2.1|<2.3.0": true, "vers:npm/1.2.3|>=2.0.0|<5.0.0": true, "vers:all/*": true, "vers:pypi/0.0.0|1.0|2.0pre1": true,
		"vers:intdot/>=1.4.1074|<=1.4.1116": true, "<=2": true, "<V3.0.29": true, ">10.9a|!=10.9c|<=10.9k": true, "<2024-4-pabc0019|>2024-10-pefd0010": true,
		"all versions < 4.2.0": false, "": false, "<": false, "vers:": false, "vers:npm": false, "vers:npm/": false, "vers:/1.0": false, "vers:NPM/1.0": false,
		"vers:npm/>=1.0|": false, "vers:npm/>=1.0||<2": false, "vers:gem/!= 2.2.1": false, "vers:npm/1.0|<1.0": false, "npm/<2.0": false, "*": false, "=>2": false,
	} {
		if isVersionRange(name) != want {
			t.Errorf("%q: %v", name, !want)
		}
	}
}

func TestLicences(t *testing.T) {
	for text, want := range map[string]bool{
		"CC-BY-4.0": true, "MIT OR Apache-2.0": true, "(MIT and BSD-3-Clause) OR GPL-2.0+": true, "GPL-2.0-or-later WITH Classpath-exception-2.0": true,
		"LicenseRef-www.example.com-no-work-pd": true, "MIT WITH AdditionRef-x": true, "((MIT))": true,
		"This is a license text that should not be here.": false, "": false, "MIT OR": false, "OR MIT": false, "(MIT": false, "MIT)": false, "()": false,
		"MIT BSD-3-Clause": false, "DocumentRef-a:LicenseRef-b": false, "LicenseRef-": false, "LicenseRef-a+": false, "MIT Or GPL-2.0": false, "MIT WITH": false,
		strings.Repeat("(", 40) + "MIT" + strings.Repeat(")", 40): false,
	} {
		if isLicence(text) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}

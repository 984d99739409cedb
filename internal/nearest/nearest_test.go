package nearest

import (
	"strings"
	"testing"
)

func TestName(t *testing.T) {
	known := []string{"severity", "summary", "маңыздылығы", "критичность"}
	for written, want := range map[string]string{
		"severity": "severity", "Severty": "severity", "sumary": "summary", "критичност": "критичность", "манызды": "",
		"маныздылыгы": "маңыздылығы", "weather": "", "": "", strings.Repeat("s", 1000): "",
	} {
		if got := Name(written, known); got != want {
			t.Errorf("Name(%.20q) = %q, want %q", written, got, want)
		}
	}
}

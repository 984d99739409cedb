package exchange

import "testing"

func TestValidBIN(t *testing.T) {
	for s, want := range map[string]bool{
		"180340000015": true, "150540000027": true, // made up, as in the examples
		"180340000016": false, "18034000001": false, "1803400000155": false, "18034000001x": false, "": false,
		"000000000000": true,
	} {
		if ValidBIN(s) != want {
			t.Errorf("%q: %v", s, !want)
		}
	}
}

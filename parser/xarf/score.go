package xarf

import (
	"math"
	"strconv"

	"almasu/exchange"
	"almasu/parser/cvss"
	"almasu/parser/shape"
)

// score reads the vector and sets its score beside it. Versions a card has not
// are left out.
func (x *reader) score(v *exchange.VulnerabilityBody) {
	vector, err := cvss.Parse(x.text("cvss_vector"))
	if err != nil || vector.Version != "3.1" && vector.Version != "4.0" {
		return
	}
	v.CVSS = &exchange.CVSS{Version: vector.Version, Vector: x.text("cvss_vector"), Score: vector.Scores().Base}
}

// scored judges that the vector is one and gives the score that is told.
func (x *reader) scored() {
	text := x.text("cvss_vector")
	if text == "" {
		return
	}
	vector, err := cvss.Parse(text)
	if err != nil {
		x.Semantic(x.root, "cvss_vector", "semantic-cvss-vector")
		return
	}
	told, err := strconv.ParseFloat(x.text("cvss_score"), 64)
	if s := vector.Scores(); err == nil && shape.Get(x.root, "cvss_score") != nil &&
		math.Abs(told-s.Base) > 0.05 && math.Abs(told-s.Temporal) > 0.05 && math.Abs(told-s.Environmental) > 0.05 {
		x.Semantic(x.root, "cvss_score", "semantic-cvss-score", strconv.FormatFloat(s.Base, 'f', 1, 64))
	}
}

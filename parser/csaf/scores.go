package csaf

import (
	"math"
	"strconv"
	"strings"
	"sync"

	"almasu/parser/cvss"
	"almasu/parser/shape"
	"almasu/parser/tree"
)

// cvss judges one CVSS object: the vector is one of its version (6.1.8), the
// scores and severities are those it gives (6.1.9), and the metrics told beside
// it are its own (6.1.10).
func (a *advisory) cvss(c *tree.Node) {
	v, err := cvss.Parse(shape.Text(c, "vectorString"))
	if err != nil || v.Version != shape.Text(c, "version") {
		a.Semantic(c, "vectorString", "semantic-csaf-8")
		return
	}
	s := v.Scores()
	told := []struct {
		name  string
		score float64
	}{{"base", s.Base}, {"temporal", s.Temporal}, {"environmental", s.Environmental}}
	if v.Version == "4.0" { // which metrics the other scores take is not settled
		told = told[:1]
	}
	for _, t := range told {
		if n := shape.Get(c, t.name+"Score"); n != nil {
			if x, err := strconv.ParseFloat(n.Value, 64); err != nil || math.Abs(x-t.score) > 0.001 {
				a.Semantic(n, "", "semantic-csaf-9", strconv.FormatFloat(t.score, 'f', 1, 64))
			}
		}
		if n := shape.Get(c, t.name+"Severity"); n != nil && n.Value != cvss.Severity(t.score) {
			a.Semantic(n, "", "semantic-csaf-9", cvss.Severity(t.score))
		}
	}
	known := properties()[v.Version]
	for p := c.First; p != nil; p = p.Next {
		if metric := known[p.Name]; metric != "" && p.Kind == tree.Text && !agrees(p.Value, v.Get(metric)) {
			a.Semantic(p, "", "semantic-csaf-10")
		}
	}
}

// properties are the names of the metrics in FIRST's JSON schemas, by version.
var properties = sync.OnceValue(func() map[string]map[string]string {
	three := "attackVector=AV attackComplexity=AC privilegesRequired=PR userInteraction=UI scope=S confidentialityImpact=C integrityImpact=I " +
		"availabilityImpact=A exploitCodeMaturity=E remediationLevel=RL reportConfidence=RC confidentialityRequirement=CR integrityRequirement=IR " +
		"availabilityRequirement=AR modifiedAttackVector=MAV modifiedAttackComplexity=MAC modifiedPrivilegesRequired=MPR modifiedUserInteraction=MUI " +
		"modifiedScope=MS modifiedConfidentialityImpact=MC modifiedIntegrityImpact=MI modifiedAvailabilityImpact=MA"
	lists := map[string]string{"3.0": three, "3.1": three, "2.0": "accessVector=AV accessComplexity=AC authentication=Au confidentialityImpact=C integrityImpact=I availabilityImpact=A exploitability=E " +
		"remediationLevel=RL reportConfidence=RC collateralDamagePotential=CDP targetDistribution=TD confidentialityRequirement=CR " +
		"integrityRequirement=IR availabilityRequirement=AR", "4.0": "attackVector=AV attackComplexity=AC attackRequirements=AT privilegesRequired=PR userInteraction=UI vulnConfidentialityImpact=VC " +
		"vulnIntegrityImpact=VI vulnAvailabilityImpact=VA subConfidentialityImpact=SC subIntegrityImpact=SI subAvailabilityImpact=SA " +
		"exploitMaturity=E confidentialityRequirement=CR integrityRequirement=IR availabilityRequirement=AR modifiedAttackVector=MAV " +
		"modifiedAttackComplexity=MAC modifiedAttackRequirements=MAT modifiedPrivilegesRequired=MPR modifiedUserInteraction=MUI " +
		"modifiedVulnConfidentialityImpact=MVC modifiedVulnIntegrityImpact=MVI modifiedVulnAvailabilityImpact=MVA " +
		"modifiedSubConfidentialityImpact=MSC modifiedSubIntegrityImpact=MSI modifiedSubAvailabilityImpact=MSA Safety=S Automatable=AU " +
		"Recovery=R valueDensity=V vulnerabilityResponseEffort=RE providerUrgency=U"}
	all := map[string]map[string]string{}
	for version, list := range lists {
		all[version] = map[string]string{}
		for _, pair := range strings.Fields(list) {
			name, metric, _ := strings.Cut(pair, "=")
			all[version][name] = metric
		}
	}
	return all
})

// agrees: the word beside the vector is the long form of the value in it.
func agrees(word, value string) bool {
	if value == "" || value == "X" || value == "ND" {
		return word == "NOT_DEFINED"
	}
	long := map[string]string{"POC": "PROOF_OF_CONCEPT", "OF": "OFFICIAL_FIX", "TF": "TEMPORARY_FIX", "UC": "UNCONFIRMED", "UR": "UNCORROBORATED",
		"LM": "LOW_MEDIUM", "MH": "MEDIUM_HIGH"}[value]
	switch {
	case long != "":
		return word == long
	case strings.EqualFold(word, value):
		return true
	}
	return len(value) == 1 && strings.HasPrefix(word, value) && !strings.HasPrefix(word, "LOW_") &&
		word != "UNCONFIRMED" && word != "UNCORROBORATED"
}

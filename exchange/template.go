package exchange

// Template is a participant's own words around the facts of letters to it, by
// sort of letter and language. It adds to them and takes nothing away: the
// facts, the marking, the purpose and the basis stay ours, and its places are
// filled with nothing of a report.
type Template map[string]map[Language]Words

// Words are the lines of one letter in one language, "" for ours. {number} and
// the like stand for the values of TemplatePlaces.
type Words struct {
	Subject string
	Opening string // a paragraph before the facts
	Closing string // a paragraph before the signature
}

// The sorts of letters that a template may word.
const (
	TemplateNotice  = "notice"
	TemplateDigest  = "digest"
	TemplateReceipt = "receipt"
	TemplateReport  = "report" // our own reports, requests and answers
)

// TemplateSorts lists the sorts of letters.
func TemplateSorts() []string {
	return []string{TemplateNotice, TemplateDigest, TemplateReceipt, TemplateReport}
}

// TemplatePlaces lists what may stand in braces: our number, the clause, the
// day, the names of addressee and sender.
func TemplatePlaces() []string { return []string{"number", "clause", "date", "to", "from"} }

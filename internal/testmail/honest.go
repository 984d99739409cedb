package testmail

// Honest lists mail as partners' programs write it and networks leave it:
// accepted, or held for the right reason. The world must be certified.
func Honest() []*Case {
	var all []*Case
	for _, c := range all {
		c.complete()
	}
	return all
}

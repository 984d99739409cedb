package exchange

// Assets is what a participant owns or uses, as its file says: a report that
// names one of them concerns the participant (clauses 5 and 12.1). Its BIN, its
// names and its FQDNs count as well and need not be repeated here.
type Assets struct {
	BINs     []string // of the organisations it answers for
	CIDRs    []string // networks and single addresses
	ASNs     []int    // autonomous systems
	Domains  []string // with everything under them
	URLs     []string // with everything under their path
	Products []string // CPE names, 2.3 or 2.2; * stands for any
	Sectors  []string // of the economy, as reports write them
}

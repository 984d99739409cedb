package config

import (
	"time"

	"almasu/exchange"
)

// Retention is how long the octets of reports, mail and letters are kept, from
// when they came (clause 8). Rows of the register and the journal stay.
type Retention struct {
	Incident      time.Duration `yaml:"incident" default:"5y"`
	Vulnerability time.Duration `yaml:"vulnerability" default:"5y"`
	Threat        time.Duration `yaml:"threat" default:"5y"`
	Contact       time.Duration `yaml:"contact" default:"5y"`
	Quarterly     time.Duration `yaml:"quarterly" default:"5y"`
	Request       time.Duration `yaml:"request" default:"5y"`
	Answer        time.Duration `yaml:"answer" default:"5y"`
	Notice        time.Duration `yaml:"notice" default:"5y"`
	Ping          time.Duration `yaml:"ping" default:"30d"`
	Other         time.Duration `yaml:"other" default:"5y"` // mail and letters without a report: receipts, refusals, delivery reports
}

// Periods is the retention by kind of report.
func (r Retention) Periods() map[exchange.ReportKind]time.Duration {
	return map[exchange.ReportKind]time.Duration{exchange.Incident: r.Incident, exchange.Vulnerability: r.Vulnerability, exchange.Threat: r.Threat,
		exchange.Contact: r.Contact, exchange.Quarterly: r.Quarterly, exchange.Request: r.Request, exchange.Answer: r.Answer, exchange.Notice: r.Notice,
		exchange.Ping: r.Ping}
}

// quarterlyNeeds is how long a SOC must keep its incident reports: those of the
// first day of a quarter go into the report that is due after its end, and that
// can be corrected (clause 18).
const quarterlyNeeds = 200 * 24 * time.Hour

func (r Retention) judge(d *decoder, role Role) {
	if role == RoleSOC && r.Incident > 0 && r.Incident < quarterlyNeeds {
		d.wrong(d.line("retention.incident"), "retention.incident is shorter than 200 days: the quarterly report of clause 18 is made of these reports",
			"write 200d or longer, or 0 to keep them")
	}
}

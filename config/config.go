package config

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	"almasu/exchange"
)

// Role is the side of the exchange this gateway stands on.
type Role string

// The roles.
const (
	RoleNCCIS Role = "nccis"
	RoleSOC   Role = "soc"
)

// Config is almasu.yaml. All paths are absolute; secrets are references for
// Secret.
type Config struct {
	File      string   `yaml:"-"` // the file it was read from
	Role      Role     `yaml:"role" is:"nccis|soc" required:"write role: nccis or role: soc"`
	Identity  Identity `yaml:"identity" required:"write identity: {id: ..., name: {kk: ...}, address: ...}"`
	Keys      Keys     `yaml:"keys"`
	Trust     Trust    `yaml:"trust"`
	Directory string   `yaml:"participants" is:"glob" default:"participants/*.yaml"` // pattern of the participant files
	// Participants is the register as the files have it, in the order of the file names.
	Participants []*Participant `yaml:"-"`
	Mailboxes    []Mailbox      `yaml:"mailboxes"`
	Listen       Listen         `yaml:"listen"`
	Folder       Folder         `yaml:"folder"`
	Relays       []Relay        `yaml:"relays"`                                      // tried in order
	Rules        string         `yaml:"rules" is:"path"`                             // "" = the built-in reading of the order
	Store        string         `yaml:"store" is:"store" default:"sqlite:almasu.db"` // sqlite:PATH or postgres://...
	// StorePasswordFile is the PostgreSQL password, so that it need not stand in Store.
	StorePasswordFile string    `yaml:"store_password_file" is:"secret"`
	StoreKey          StoreKey  `yaml:"store_key"`
	Alarms            Alarms    `yaml:"alarms"`
	Push              []Push    `yaml:"push"` // incoming reports are posted there
	Requests          Requests  `yaml:"requests"`
	Retention         Retention `yaml:"retention"`
	Web               Web       `yaml:"web"`
	Limits            Limits    `yaml:"limits"`
	// PlatformReference is printed beside "clause 16: the platform is not
	// covered by this channel", never as a claim.
	PlatformReference string            `yaml:"platform_reference"`
	Language          exchange.Language `yaml:"language" is:"kk|ru|en" default:"kk"`
	Zone              *time.Location    `yaml:"timezone" default:"Asia/Almaty"`
	// Warnings are things to tell the operator that do not stop the gateway,
	// each "what; remedy".
	Warnings []string `yaml:"-"`
}

// Identity is who we are in the exchange.
type Identity struct {
	ID      string         `yaml:"id" is:"id" required:"write id: with 1 to 64 of A-Z a-z 0-9 . _ : -"`
	Name    exchange.Names `yaml:"name"` // the id where nothing is written
	Address string         `yaml:"address" is:"address" required:"write address: with the e-mail address of the exchange"`
	FQDNs   []string       `yaml:"names" is:"fqdn"` // our names in IODEF IncidentID@name
	BIN     string         `yaml:"bin" is:"bin"`
	Phone   string         `yaml:"phone" is:"phone"`
}

// Keys are our own keys; the first one that is usable signs.
type Keys struct {
	OpenPGP []KeyFile `yaml:"openpgp"`
	SMIME   []CertKey `yaml:"smime"` // PEM or PKCS#12, or a key in a token
}

// CertKey is a private key with its certificate: both in File (PEM or PKCS#12),
// or the key in a token and the certificate in Cert.
type CertKey struct {
	File           string `yaml:"file" is:"path"`
	PassphraseFile string `yaml:"passphrase_file" is:"secret"`
	PKCS11         Token  `yaml:"pkcs11"`
	Cert           string `yaml:"cert" is:"path"`
}

// Token is where a private key is in a PKCS#11 token.
type Token struct {
	Module  string `yaml:"module" is:"path"` // the library of the token's maker
	Token   string `yaml:"token"`            // label of the token
	Label   string `yaml:"label"`            // of the key
	PINFile string `yaml:"pin_file" is:"secret"`
}

// InToken says whether the key is in a token.
func (k CertKey) InToken() bool { return k.PKCS11 != Token{} }

// KeyFile is a private key and the secret that opens it, "" if it is not locked.
type KeyFile struct {
	File           string `yaml:"file" is:"path" required:"write file: with the path of the key"`
	PassphraseFile string `yaml:"passphrase_file" is:"secret"`
}

// StoreKey is the key that seals report bodies at rest (clause 8).
type StoreKey struct {
	File string `yaml:"file" is:"secret"`
	// Made says the setting is absent: File then stands beside the SQLite
	// store and is made at the first start.
	Made bool `yaml:"-"`
}

// Trust is what S/MIME certificates are judged by. The lists hold files.
type Trust struct {
	Anchors       []string `yaml:"anchors" is:"glob"`
	Intermediates []string `yaml:"intermediates" is:"glob"`
	CRLs          []string `yaml:"crls" is:"glob"`
	// Domestic names the anchors (files) and policies (OIDs) that count as a
	// domestic encryption certificate (clause 16).
	Domestic   []string `yaml:"domestic" is:"glob or oid"`
	Revocation string   `yaml:"revocation" is:"require|prefer|off" default:"prefer"`
	// Insecure3DES opens S/MIME that is encrypted with 3DES, too.
	Insecure3DES bool  `yaml:"insecure_3des"`
	Fetch        Fetch `yaml:"fetch"`
}

// Fetch is how CRLs and OCSP answers are fetched, from the places that
// certificates under our anchors name.
type Fetch struct {
	Enabled bool     `yaml:"enabled" default:"true"`
	CRLs    []string `yaml:"crls" is:"url"` // lists to have besides
	// Networks are loopback, private and link-local networks that the URLs in
	// certificates may lead to.
	Networks []string      `yaml:"networks" is:"cidr"`
	Proxy    string        `yaml:"proxy" is:"url"`
	Cache    string        `yaml:"cache" is:"folder"` // beside a SQLite store if not written
	Timeout  time.Duration `yaml:"timeout" default:"10s"`
	Size     int64         `yaml:"size" is:"size" default:"64MiB"`
	Retry    time.Duration `yaml:"retry" default:"1m"`
	Alarm    time.Duration `yaml:"alarm" default:"10m"`
	Ahead    time.Duration `yaml:"ahead" default:"10m"` // what gets stale within it is fetched anew
}

// Peer is a server we connect to as a client.
type Peer struct {
	Address           string `yaml:"address" is:"hostport" required:"write address: host:port"`
	TLS               string `yaml:"tls" is:"implicit|starttls|none"` // never "" after Load
	CAFile            string `yaml:"ca_file" is:"path"`               // "" = the system's anchors
	ServerName        string `yaml:"server_name"`                     // the host of Address if not written
	Username          string `yaml:"username"`
	PasswordFile      string `yaml:"password_file" is:"secret"`
	InsecurePlaintext bool   `yaml:"insecure_plaintext"`
}

// Mailbox is an IMAP mailbox that mail is taken from.
type Mailbox struct {
	Name string `yaml:"name" is:"id" default:"main"`
	Peer
	Folder string `yaml:"folder" default:"INBOX"`
	Done   string `yaml:"done" default:"Done"`
	Held   string `yaml:"held" default:"Held"`
}

// Relay is an SMTP server that letters are handed to.
type Relay struct {
	Peer
	// Outside: a 250 of this relay means that the message has left our own
	// domain and stops the clock of clause 9.
	Outside    bool   `yaml:"-"`
	OutsideSet *bool  `yaml:"outside"` // as written, nil if not
	RequireTLS string `yaml:"requiretls" is:"require|prefer|off" default:"off"`
}

// Listen is where we take mail ourselves: host:port or the path of a socket,
// "" for not at all.
type Listen struct {
	SMTP              string `yaml:"smtp" is:"listen"`
	LMTP              string `yaml:"lmtp" is:"listen"`
	Relay             string `yaml:"relay" is:"listen"`    // submission by the systems of a SOC
	Filter            string `yaml:"filter" is:"listen"`   // LMTP: the same, from an MTA that hands over what it has taken
	FilterMap         string `yaml:"filter_map" is:"path"` // the MTA's map that leads to the filter, for `check` to compare
	Milter            string `yaml:"milter" is:"listen"`   // the door of an MTA: judges while the client is connected
	TLSCert           string `yaml:"tls_cert" is:"path"`
	TLSKey            string `yaml:"tls_key" is:"path"`
	RelayTLS          string `yaml:"relay_tls" is:"implicit|starttls"` // never "" after Load
	RelayUsers        string `yaml:"relay_users" is:"secret"`
	InsecurePlaintext bool   `yaml:"insecure_plaintext"`
	// InsecureLoopbackSubmit lets every program on this machine submit without
	// a password.
	InsecureLoopbackSubmit bool `yaml:"insecure_loopback_submit"`
}

// Folder is where files to be submitted are put, and where they go from there;
// off while Inbox is "". The folders are made at the start.
type Folder struct {
	Inbox   string        `yaml:"inbox" is:"folder"`
	Sent    string        `yaml:"sent" is:"folder"`    // beside the inbox if not written
	Refused string        `yaml:"refused" is:"folder"` // beside the inbox if not written
	Poll    time.Duration `yaml:"poll" default:"2s"`   // between two looks
}

// Web is the console and the HTTP API, off while Address is "". What bounds
// its clients stands beside it; sizes are bytes.
type Web struct {
	Address           string        `yaml:"address" is:"hostport"`
	TLSCert           string        `yaml:"tls_cert" is:"path"`
	TLSKey            string        `yaml:"tls_key" is:"path"`
	Hosts             []string      `yaml:"hosts" is:"fqdn"` // names clients call us by, beside the address
	InsecurePlaintext bool          `yaml:"insecure_plaintext"`
	Requests          int           `yaml:"requests" default:"32"` // in flight
	Waiting           int           `yaml:"waiting" default:"64"`  // for news
	PerToken          int           `yaml:"per_token" default:"16"`
	PerMinute         int           `yaml:"per_minute" default:"600"` // of one token
	Header            int64         `yaml:"header" is:"size" default:"16KiB"`
	InWork            int64         `yaml:"in_work" is:"size" default:"16MiB"` // documents in memory
	BodyTime          time.Duration `yaml:"body_time" default:"30s"`
	ReplyTime         time.Duration `yaml:"reply_time" default:"30s"`
	Wait              time.Duration `yaml:"wait" default:"1m"` // longest wait for news
}

// Limits bound what a peer can make us do. Sizes are bytes.
type Limits struct {
	Message        int64         `yaml:"message" is:"size" default:"50MiB"`
	Document       int64         `yaml:"document" is:"size" default:"4MiB"`
	Header         int64         `yaml:"header" is:"size" default:"1MiB"` // one MIME header block
	InWork         int64         `yaml:"in_work" is:"size" default:"128MiB"`
	Decompressed   int64         `yaml:"decompressed" is:"size" default:"200MiB"`
	Depth          int           `yaml:"depth" default:"32"`
	Parts          int           `yaml:"parts" default:"200"`
	Values         int           `yaml:"values" default:"10000"` // of a document, besides one for every 16 octets of it
	String         int64         `yaml:"string" is:"size" default:"1MiB"`
	ArchiveEntries int           `yaml:"archive_entries" default:"100"` // files in the archives of a message
	ArchiveSize    int64         `yaml:"archive_size" is:"size" default:"64MiB"`
	ArchiveRatio   int           `yaml:"archive_ratio" default:"100"` // unpacked to packed
	Attempts       int           `yaml:"attempts" default:"3"`
	AnswersPerHour int           `yaml:"answers_per_hour" default:"60"`
	Connections    int           `yaml:"connections" default:"64"` // to each listener
	Backlog        int           `yaml:"backlog" default:"100000"` // undecided messages at which intake stops
	Workers        int           `yaml:"workers"`                  // 8 for each CPU if not written
	RetryLife      time.Duration `yaml:"retry_life" default:"5d"`
	ReceiptWait    time.Duration `yaml:"receipt_wait" default:"10m"` // then the letter is sent again; 0: never
	SigningAge     time.Duration `yaml:"signing_age" default:"14d"`
	SigningSkew    time.Duration `yaml:"signing_skew" default:"10m"`
	Poll           time.Duration `yaml:"poll" default:"1m"` // the mailbox scan that IDLE only hurries
}

// StoreDSN is Store with the password of StorePasswordFile put in. It may be
// a secret: hand it to the store and to nothing else.
func (c *Config) StoreDSN() (string, error) {
	if c.StorePasswordFile == "" {
		return c.Store, nil
	}
	password, err := Secret(c.StorePasswordFile)
	if err != nil {
		return "", fmt.Errorf("store_password_file: %w", err)
	}
	u, err := url.Parse(c.Store)
	if err != nil {
		return "", errors.New("store: the address of the database cannot be read: write postgres://user@host/database")
	}
	u.User = url.UserPassword(u.User.Username(), string(password))
	return u.String(), nil
}

// Self is our own identity as the register wants it.
func (c *Config) Self() *exchange.Participant {
	kind := exchange.KindSOC
	if c.Role == RoleNCCIS {
		kind = exchange.KindNCCIS
	}
	i := c.Identity
	return &exchange.Participant{ID: i.ID, Kinds: []exchange.ParticipantKind{kind}, Name: i.Name, FQDNs: i.FQDNs,
		BIN: i.BIN, Addresses: []string{i.Address}, Phone: i.Phone, Language: c.Language}
}

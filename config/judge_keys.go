package config

import "fmt"

// finishKeys wants each S/MIME key to be in a file or in a token, and the latter
// to be named whole.
func (c *Config) finishKeys(d *decoder) {
	for i, k := range c.Keys.SMIME {
		at := fmt.Sprintf("keys.smime[%d]", i)
		const form = "write {file: keys/x.p12, passphrase_file: ...}, or {pkcs11: {module: ..., token: ..., label: ..., pin_file: ...}, cert: keys/x.pem}"
		switch {
		case d.has(at+".pkcs11") && (d.has(at+".file") || d.has(at+".passphrase_file")):
			d.wrong(d.line(at), shown(at)+" is both in a file and in a token", form)
		case !d.has(at + ".pkcs11"):
			if !d.has(at + ".file") {
				d.wrong(d.line(at), shown(at)+".file is missing", form)
			}
			if d.has(at + ".cert") {
				d.wrong(d.line(at+".cert"), shown(at)+".cert belongs to a key in a token", "put the certificate into the file of the key")
			}
		default:
			for _, s := range []struct{ name, value string }{{".pkcs11.module", k.PKCS11.Module}, {".pkcs11.token", k.PKCS11.Token},
				{".pkcs11.label", k.PKCS11.Label}, {".pkcs11.pin_file", k.PKCS11.PINFile}, {".cert", k.Cert}} {
				if s.value == "" && !d.meant[at+s.name] {
					d.wrong(d.line(at), shown(at)+s.name+" is missing", form)
				}
			}
		}
	}
}

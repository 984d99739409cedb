package testmail

import (
	"slices"
)

const (
	alfaAddress = "exchange@soc-alfa.example"
	betaAddress = "exchange@soc-beta.example"
)

// identity are messages whose signature is right and somebody else's: SOC
// Beta, a known participant, or a stranger wants to pass for SOC Alfa.
func identity() []*Attack {
	// from puts a From (and more lines) before a report in SOC Alfa's name,
	// signed by somebody; the control is a report of the signer's own under the
	// honest lines.
	from := func(lines, honestLines, by string) shape {
		return func(m *maker, s scheme, honest bool) []byte {
			if honest {
				return m.mailFrom(honestLines, s.signed(m, m.entity(m.report(m.c.Claimed)), m.c.Claimed+"/current"))
			}
			return m.mailFrom(lines, s.signed(m, m.entity(m.report("soc-alfa")), by))
		}
	}
	beta := func(lines, honestLines string) shape { return from(lines, honestLines, "soc-beta/current") }
	stranger := func(w want) want { w.honest = ""; return w }
	unclaimed := byBeta.with(func(w *want) { w.claimed = "nobody" })
	return slices.Concat(
		both(Identity, "other-participant", "SOC Beta signs under SOC Alfa's address", byBeta, beta(alfaAddress, betaAddress)),
		both(Identity, "two-from", "two addresses in From", byBeta, beta(alfaAddress+", "+betaAddress, "SOC Beta <"+betaAddress+">")),
		both(Identity, "two-from-fields", "two From fields, the signer's first", byBeta.with(func(w *want) { w.claimed = "soc-beta" }),
			beta(betaAddress+"\nFrom: "+alfaAddress, betaAddress+"\nSender: "+betaAddress)),
		both(Identity, "two-from-fields-last", "two From fields, the signer's last", byBeta, beta(alfaAddress+"\nFrom: "+betaAddress, betaAddress+"\nX-From: "+alfaAddress)),
		both(Identity, "display-name", "SOC Alfa's address as the display name", inOwnName, beta(`"`+alfaAddress+`" <`+betaAddress+">", `"SOC Beta" <`+betaAddress+">")),
		both(Identity, "bare-display-name", "the same without quotes, which some read as the address", unclaimed, beta(alfaAddress+" <"+betaAddress+">", "SOC Beta, duty officer <"+betaAddress+">")),
		both(Identity, "encoded-display-name", "SOC Alfa's address in an encoded word", inOwnName,
			beta("=?utf-8?B?ZXhjaGFuZ2VAc29jLWFsZmEuZXhhbXBsZQ==?= <"+betaAddress+">", "=?koi8-r?B?79LE0MAg?= <"+betaAddress+">")),
		both(Identity, "encoded-angle", "an encoded word that decodes to a whole address", inOwnName,
			beta("=?utf-8?Q?SOC_Alfa_=3Cexchange=40soc-alfa=2Eexample=3E=2C?= <"+betaAddress+">", "=?windows-1251?Q?=C1=E5=F2=E0?= <"+betaAddress+">")),
		both(Identity, "comment", "SOC Alfa's address in a comment", inOwnName, beta(betaAddress+" ("+alfaAddress+")", betaAddress+" (SOC Beta)")),
		both(Identity, "nested-comment", "a comment that looks like the end of an address", inOwnName, beta(`(\)<`+alfaAddress+`>) <`+betaAddress+">", "(duty (night)) <"+betaAddress+">")),
		both(Identity, "folded", "From folded so that its first line names SOC Alfa", inOwnName, beta(`"`+alfaAddress+`"`+"\n <"+betaAddress+">", "SOC Beta\n <"+betaAddress+">")),
		both(Identity, "sender", "From SOC Alfa, Sender SOC Beta", byBeta, beta(alfaAddress+"\nSender: "+betaAddress, betaAddress+"\nSender: "+betaAddress)),
		both(Identity, "reply-to", "SOC Beta's own mail, Reply-To SOC Alfa", inOwnName, beta(betaAddress+"\nReply-To: "+alfaAddress, betaAddress+"\nReply-To: elsewhere@soc-beta.example")),
		both(Identity, "reply-to-beta", "From SOC Alfa, Reply-To SOC Beta", byBeta, beta(alfaAddress+"\nReply-To: "+betaAddress, betaAddress+"\nReply-To: "+betaAddress)),
		both(Identity, "group", "both addresses in a group", byBeta, beta("SOC: "+alfaAddress+", "+betaAddress+";", "SOC: "+betaAddress+";")),
		both(Identity, "empty-group", "From is an empty group", unclaimed, beta("SOC Alfa: ;", betaAddress)),
		both(Identity, "no-from", "From is missing", unclaimed, beta("\nX-Original-From: "+alfaAddress, betaAddress)),
		both(Identity, "look-alike", "a domain that looks alike", unclaimed, beta("exchange@soc-a1fa.example", betaAddress)),
		both(Identity, "subdomain", "SOC Alfa's domain as a part of another", unclaimed, beta("exchange@soc-alfa.example.evil.example", betaAddress)),
		both(Identity, "homograph", "Cyrillic letters in the domain", unclaimed, beta("exchange@\u0455\u043ec-alfa.example", betaAddress)),
		both(Identity, "punycode", "the same as xn--", unclaimed, beta("exchange@xn--c-alfa-6ve.example", betaAddress)),
		both(Identity, "long-s", "a letter that is folded to an s by some", unclaimed, beta("exchange@\u017foc-alfa.example", betaAddress)),
		both(Identity, "local-part", "the local part in capitals is another mailbox", unclaimed, beta("EXCHANGE@soc-alfa.example", "exchange@SOC-BETA.Example")),
		both(Identity, "route", "a source route through SOC Alfa", inOwnName, beta("<"+betaAddress+">", "<"+betaAddress+">")),
		both(Identity, "bare-return", "a bare carriage return begins another From in it", byBeta.with(func(w *want) { w.claimed = "nobody" }),
			beta(betaAddress+"\rFrom: "+alfaAddress, betaAddress)),
		both(Identity, "nul", "an octet of zero cuts the address for some", byBeta.with(func(w *want) { w.claimed = "nobody" }),
			beta(betaAddress+"\x00, "+alfaAddress, betaAddress)),
		both(Identity, "stranger", "a stranger under SOC Alfa's address", strange, from(alfaAddress, alfaAddress, "stranger/current")),
		both(Identity, "stranger-look-alike", "a stranger from a domain that looks alike", stranger(strange.with(func(w *want) { w.claimed = "nobody" })),
			from("SOC Alfa <exchange@soc-aIfa.example>", "SOC Alfa <"+alfaAddress+">", "stranger/current")),
		both(Identity, "protected-from", "the signed From is SOC Alfa's, the signature SOC Beta's", byBeta.with(func(w *want) { w.claimed = "soc-alfa" }), protectedFrom("soc-alfa", "soc-beta")),
		both(Identity, "protected-own-from", "the outer From is SOC Alfa's, the signed one SOC Beta's", inOwnName.with(func(w *want) { w.claimed = "soc-beta" }), protectedFrom("soc-beta", "soc-alfa")),
		both(Identity, "protected-two-from", "two addresses in the signed From", byBeta.with(func(w *want) { w.claimed = "soc-beta" }), protectedTwo),
		[]*Attack{
			under(openPGP{}, Identity, "claiming-uid", "a stranger's key whose user ID is SOC Alfa's address", strange.by("stranger/alfa"), from(alfaAddress, alfaAddress, "stranger/alfa")),
			under(sMIME{}, Identity, "claiming-certificate", "a stranger's certificate of the trusted authority with SOC Alfa's name and address",
				strange.by("stranger/alfa"), from(alfaAddress, alfaAddress, "stranger/alfa")),
		},
	)
}

// protectedFrom is a report in SOC Alfa's name, signed by SOC Beta, with one
// From inside and another one outside.
func protectedFrom(inside, outside string) shape {
	return func(m *maker, s scheme, honest bool) []byte {
		if honest {
			return m.mailFrom(betaAddress, s.signed(m, m.entityWith(m.protected("soc-beta", SelfID), m.report("soc-beta")), "soc-beta/current"))
		}
		return m.mailFrom(m.w.Person(outside).Address(), s.signed(m, m.entityWith(m.protected(inside, SelfID), m.report("soc-alfa")), "soc-beta/current"))
	}
}

func protectedTwo(m *maker, s scheme, honest bool) []byte {
	header := m.protected("soc-beta", SelfID)
	if honest {
		return m.mailFrom(betaAddress, s.signed(m, m.entityWith(header, m.report("soc-beta")), "soc-beta/current"))
	}
	return m.mailFrom(betaAddress, s.signed(m, m.entityWith("From: "+alfaAddress+"\n"+header, m.report("soc-alfa")), "soc-beta/current"))
}

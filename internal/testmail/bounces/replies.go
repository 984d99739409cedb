package bounces

// replies are answers that mailboxes give by themselves.
func replies() []*Bounce {
	return []*Bounce{
		{Name: "sieve-vacation", Kind: "reply", text: `
Return-Path: <>
From: {to}
Subject: Auto: [...]
In-Reply-To: {id}
References: {id}
Auto-Submitted: auto-replied (vacation)
Precedence: bulk
Content-Type: text/plain; charset=utf-8

I am away until Monday.
`},
		{Name: "exchange-oof", Kind: "reply", text: `
From: Duty desk <{to}>
Subject: Automatic reply: [...]
In-Reply-To: {id}
X-Auto-Response-Suppress: All
auto-submitted: auto-generated
Content-Type: text/html; charset=utf-8

<p>I am out of the office.</p>
`},
		{Name: "exchange-oof-russian", Kind: "reply", text: `
From: {to}
Subject: =?utf-8?B?0JDQstGC0L7QvNCw0YLQuNGH0LXRgdC60LjQuSDQvtGC0LLQtdGCOiBbLi4uXQ==?=
In-Reply-To: {id}
X-Auto-Response-Suppress: All
Content-Type: text/plain; charset=utf-8

Меня нет на работе. По срочным вопросам: other@far.example, 8 550 123 45 67.
`},
		{Name: "kazakh-away", Kind: "reply", text: `
From: {to}
Subject: =?utf-8?B?0JDQstGC0L7QvNCw0YLRgtGLINC20LDRg9Cw0L8=?=
References: {id}
Content-Type: text/plain; charset=utf-8

Мен демалыстамын.
`},
		{Name: "gmail-vacation", Kind: "reply", text: `
From: {to}
Subject: Re: [...]
In-Reply-To: {id}
Precedence: bulk
X-Autoreply: yes
Auto-Submitted: auto-replied

Thank you for your mail. I rejected the idea of reading it on leave.
`},
		{Name: "notes-away", Kind: "reply", text: `
From: {to}
Subject: AUTO: Dana is out of the office (returning 16.03.2026)
In-Reply-To: {id}
Auto-Submitted: auto-generated

I will answer when I am back.
`},
		{Name: "ticket-opened", Kind: "reply", text: `
From: helpdesk@{domain}
Subject: [#4711] We have received your request
In-Reply-To: {id}
Auto-Submitted: auto-replied
X-Auto-Response-Suppress: DR, RN, NRN, OOF, AutoReply

Your ticket has the number 4711.
`},
		{Name: "old-autoresponder", Kind: "reply", text: `
From: {to}
Subject: Re: [...]
Precedence: auto_reply
References: <other@elsewhere.example> {id}

Received.
`},
		{Name: "chinese-away", Kind: "reply", text: `
From: {to}
Subject: =?utf-8?B?6Ieq5Yqo5Zue5aSNOiBbLi4uXQ==?=
In-Reply-To: {id}
Content-Type: text/plain; charset=utf-8

我不在办公室。
`},
	}
}

// notBounces look like reports or replies and are none: they are a person's
// mail, or anybody could have written them.
func notBounces() []*Bounce {
	return []*Bounce{
		{Name: "a-person-quotes-a-bounce", Kind: "none", text: `
From: Dana <{to}>
To: {from}
Subject: Re: mail trouble
Content-Type: text/plain; charset=utf-8

We got this today, can you have a look?

> Hi. This is the qmail-send program at mx.far.example.
> <{to}>:
> 550 5.1.1 Sorry, no mailbox here by that name. (#5.1.1)
> Message-ID: {id}
`},
		{Name: "a-person-forwards-a-bounce", Kind: "none", text: `
From: Dana <{to}>
Subject: Fwd: Undelivered Mail
Content-Type: multipart/mixed; boundary=o

--o
Content-Type: text/plain

Please see the attached report. Call me.
--o
Content-Type: message/rfc822

From: MAILER-DAEMON@far.example
Content-Type: multipart/report; report-type=delivery-status; boundary=i

--i
Content-Type: message/delivery-status

Reporting-MTA: dns; far.example
Original-Envelope-Id: {envid}

Final-Recipient: rfc822;{to}
Action: failed
Status: 5.1.1
--i--

--o--
`},
		{Name: "a-person-attaches-the-fields", Kind: "none", text: `
From: Dana <{to}>
Subject: details
Content-Type: multipart/mixed; boundary=o

--o
Content-Type: text/plain

These are the details.
--o
Content-Type: message/delivery-status

Reporting-MTA: dns; far.example
Original-Envelope-Id: {envid}

Final-Recipient: rfc822;{to}
Action: failed
Status: 5.1.1
--o--
`},
		{Name: "undeliverable-in-the-subject", Kind: "none", text: `
From: Dana <{to}>
Subject: Undeliverable: our parcel was returned to sender
Content-Type: text/plain

The parcel could not be delivered, the address was not found.
`},
		{Name: "a-bounce-without-our-id", Kind: "none", text: `
Return-Path: <>
From: MAILER-DAEMON@far.example
Subject: failure notice

Hi. This is the qmail-send program at far.example.
<{to}>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

Message-ID: <20260310.17@elsewhere.example>
From: {from}
`},
		{Name: "an-id-of-our-form-elsewhere", Comment: "32 digits, but under another domain", Kind: "none", text: `
Return-Path: <>
From: MAILER-DAEMON@far.example
Subject: failure notice

<{to}>:
550 5.1.1 no mailbox
Message-ID: <00112233445566778899aabbccddeeff@elsewhere.example>
`},
		{Name: "an-id-that-is-too-short", Kind: "none", text: `
Return-Path: <>
From: MAILER-DAEMON@far.example
Subject: failure notice

<{to}>:
550 5.1.1 no mailbox
Message-ID: <17@{domain}>
`},
		{Name: "away-from-something-else", Kind: "none", text: `
From: {to}
Subject: Automatic reply: lunch
In-Reply-To: <lunch@elsewhere.example>
Auto-Submitted: auto-replied

I am away.
`},
		{Name: "a-person-answers", Comment: "a person answers a letter by hand", Kind: "none", text: `
From: Dana <{to}>
Subject: Re: [...]
In-Reply-To: {id}
Content-Type: text/plain

I was away. The report was rejected by our filter, send it again please.
`},
		{Name: "a-newsletter", Kind: "none", text: `
From: news@far.example
Subject: Delivery failed? Ten tips
Precedence: bulk
List-Id: <news.far.example>

550 ways to improve your mail.
`},
		{Name: "a-failed-header-alone", Kind: "none", text: `
From: Dana <{to}>
X-Failed-Recipients: {to}
Subject: hello

hello
`},
		{Name: "a-notification-of-reading", Comment: "an MDN is not about delivery", Kind: "none", text: `
From: {to}
Subject: Read: [...]
Content-Type: multipart/report; report-type=disposition-notification; boundary=x

--x

It was displayed.
--x
Content-Type: message/disposition-notification

Final-Recipient: rfc822;{to}
Original-Message-ID: {id}
Disposition: manual-action/MDN-sent-manually; displayed
--x--
`},
	}
}

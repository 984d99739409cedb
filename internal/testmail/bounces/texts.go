package bounces

// bounceTexts are reports in free text.
func bounceTexts() []*Bounce {
	return []*Bounce{
		{Name: "exim-text", Kind: "report", Action: "failed", Class: "hard", text: `
Return-path: <>
X-Failed-Recipients: {to}
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@mx.far.example>
Subject: Mail delivery failed: returning message to sender

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its recipients:

  {to}
    Unrouteable address

------ This is a copy of the message, including all the headers. ------

{letter}`},
		{Name: "exim-warning", Kind: "report", Action: "delayed", Class: "soft", text: `
Return-path: <>
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@mx.far.example>
Subject: Warning: message 1abc-17 delayed 24 hours

This message was created automatically by mail delivery software.
A message that you sent has not yet been delivered to one or more of its
recipients after more than 24 hours on the queue on mx.far.example.

The message identifier is:     1abc-17
The subject of the message is: [...]
The date of the message is:    Tue, 10 Mar 2026 14:00:00 +0500
Message-ID: {id}

The address to which the message has not yet been delivered is:

  {to}

No action is required on your part. Delivery attempts will continue for
some time, and this warning may be repeated at intervals.
`},
		{Name: "qmail", Comment: "QSBMF", Kind: "report", Action: "failed", Class: "hard", Status: "5.1.1", text: `
Return-Path: <>
From: MAILER-DAEMON@mx.far.example
Subject: failure notice

Hi. This is the qmail-send program at mx.far.example.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<{to}>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

{letter}`},
		{Name: "qmail-expired", Kind: "report", Action: "failed", Class: "soft", Status: "4.4.1", text: `
Return-Path: <>
From: MAILER-DAEMON@mx.far.example
Subject: failure notice

Hi. This is the qmail-send program at mx.far.example.
I'm afraid I wasn't able to deliver your message to the following addresses.

<{to}>:
Sorry, I wasn't able to establish an SMTP connection. (#4.4.1)
I'm not going to try again; this message has been in the queue too long.

--- Below this line is a copy of the message.

{letter}`},
		{Name: "notqmail-remote", Kind: "report", Action: "failed", Class: "hard", Status: "5.0.0", text: `
Return-Path: <>
From: Mail Delivery System <MAILER-DAEMON@mx.far.example>
Subject: failure notice

Hi. This is the qmail-send program at mx.far.example.
I couldn't get your message through; I've given up.

<{to}>:
192.0.2.8 does not like recipient.
Remote host said: 550 unknown user
Giving up on 192.0.2.8.

--- Enclosed are the original headers of the message.

{head}`},
		{Name: "mdaemon", Kind: "report", Action: "failed", Class: "hard", Status: "5.1.1", text: `
From: MDaemon@mx.far.example
Subject: Permanent Delivery Failure
X-MDaemon-Deliver-To: {from}

The attached message had PERMANENT fatal delivery errors.

Failed address: {to}

--- Session Transcript ---
 --> RCPT To:<{to}>
 <-- 550 5.1.1 <{to}>, Recipient unknown
--- End Transcript ---

: Message contains [1] file attachments
Message-ID: {id}
`},
		{Name: "communigate", Kind: "report", Action: "failed", Class: "soft", Status: "5.2.2", text: `
From: MAILER-DAEMON@mx.far.example
Subject: Undeliverable mail
X-Mailer: CommuniGate Pro
Content-Type: multipart/mixed; boundary=c

--c
Content-Type: text/plain

Failed to deliver to '{to}'
LOCAL module(account {local}) reports:
 552 5.2.2 account is full (quota exceeded)

--c
Content-Type: message/rfc822

{head}
--c--
`},
		{Name: "groupwise", Kind: "report", Action: "failed", Class: "hard", text: `
From: "Mail Delivery System" <postmaster@far.example>
Subject: Message status - undeliverable
X-Mailer: GroupWise 23
Content-Type: multipart/mixed; boundary=g

--g
Content-Type: text/plain; charset=utf-8

The message that you sent was undeliverable to the following:
	{to} (user not found)

--g
Content-Type: message/rfc822

{head}
--g--
`},
		{Name: "mailenable", Kind: "report", Action: "failed", Class: "hard", Status: "5.0.0", text: `
From: "postmaster@far.example" <postmaster@far.example>
Subject: Message Delivery Failure

Message could not be delivered to some recipients.
The following recipient(s) could not be reached:

Recipient: [SMTP:{to}]
Reason: The message could not be delivered because the remote server said
550 no such user here

Message headers follow:

{head}`},
		{Name: "smartermail", Kind: "report", Action: "failed", Class: "hard", Status: "5.1.1", text: `
Return-Path: <>
From: "System Administrator" <postmaster@far.example>
Subject: Delivery Failure

Could not deliver message to the following recipient(s):

Failed Recipient: {to}
Reason: Remote host said: 550 5.1.1 User unknown

   -- The header and top 20 lines of the message follows --

{head}`},
		{Name: "yahoo", Kind: "report", Action: "failed", Class: "hard", Status: "5.0.0", text: `
Return-Path: <>
From: MAILER-DAEMON@yahoo.example
Subject: Failure Notice

Sorry, we were unable to deliver your message to the following address.

<{to}>:
550: relaying denied

--- Below this line is a copy of the message.

{letter}`},
		{Name: "exchange-2003-text", Kind: "report", Action: "failed", Class: "hard", Status: "5.1.1", text: `
From: System Administrator <postmaster@far.example>
Subject: Undeliverable: [...]

Your message did not reach some or all of the intended recipients.

      Subject:	[...]
      Sent:	10.03.2026 14:00

The following recipient(s) could not be reached:

      {to} on 10.03.2026 14:01
            The e-mail account does not exist at the organization this message was sent to.
            <mx.far.example #5.1.1>

Message-ID: {id}
`},
		{Name: "exchange-html-alone", Comment: "a gateway kept the page and dropped the rest", Kind: "report", Action: "failed", Class: "hard", Status: "5.4.1", text: `
From: Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@far.example>
Subject: Undeliverable: [...]
Content-Type: text/html; charset=utf-8

<html><head><style>p {color:red}</style></head><body>
<p>Delivery has failed to these recipients or groups:</p>
<p><a href="mailto:{to}">{to}</a></p>
<p>Your message wasn't delivered.</p>
<div>Diagnostic information for administrators:<br>Generating server: AM0.far.example<br>
{to}<br>Remote server returned '550 5.4.1 Recipient address rejected: Access denied.'</div>
<div>Original message headers:</div><pre>Message-ID: &lt;{bareid}&gt;
From: {from}</pre></body></html>
`},
		{Name: "sendmail-old", Comment: "before there were fields", Kind: "report", Action: "failed", Class: "hard", Status: "5.0.0", text: `
From: MAILER-DAEMON (Mail Delivery Subsystem)
Subject: Returned mail: User unknown

   ----- Transcript of session follows -----
550 <{to}>... User unknown

   ----- Unsent message follows -----
{head}`},
		{Name: "kerio", Kind: "report", Action: "delayed", Class: "soft", Status: "4.0.0", text: `
Return-Path: <>
From: Mail Delivery Subsystem <postmaster@kerio.far.example>
Subject: Delayed delivery warning

This is a warning from Kerio Connect. Your message is delayed. You do not need to resend it.

Recipient: <{to}>
Error: 451 try again later

Message-ID: {id}
`},
		{Name: "imail-full", Kind: "report", Action: "failed", Class: "soft", Status: "5.2.2", text: `
From: Postmaster <postmaster@far.example>
Subject: Undeliverable Mail

User mailbox exceeds allowed size: {to} (552 5.2.2)

Original message follows.

{head}`},
		{Name: "greylisted", Comment: "a code is all there is to tell that it goes on", Kind: "report", Action: "delayed", Class: "soft", Status: "4.7.1", text: `
From: MAILER-DAEMON@far.example
Subject: mail status

<{to}>: 451 4.7.1 Greylisting in action
Message-Id: {id}
`},
		{Name: "header-lost", Comment: "the header is gone, only the text came through", Kind: "report", Action: "failed", Class: "hard", Status: "5.1.1", text: `

The message below could not be delivered to <{to}>:
550 5.1.1 unknown user

Message-ID: {id}
Subject: [...]
`},
		{Name: "header-gone", Comment: "the first line is text already", Kind: "report", Action: "failed", Class: "hard", Status: "5.1.1", text: `
Your message was not delivered.
Recipient: {to}
Reason: 550 5.1.1 unknown user
Message-ID: {id}
`},
		{Name: "header-torn", Comment: "of the header one line is left", Kind: "report", Action: "failed", Class: "hard", Status: "5.1.1", text: `
X-Spam-Flag: NO

Undeliverable mail for {to}
reason: 550-5.1.1 unknown user

>Message-ID: {id}
>Subject: [...]
`},
		{Name: "quoted-token", Comment: "the id without brackets, in a table of a page", Kind: "report", Action: "failed", Class: "hard", Status: "5.1.1", text: `
Return-Path: <>
From: Mail Security <noreply@filter.far.example>
Subject: Your message was not delivered
Content-Type: text/html

<table><tr><td>Recipient</td><td>{to}</td></tr><tr><td>Reply</td><td>550 5.1.1 rejected</td></tr><tr><td>ID</td><td>{bareid}</td></tr></table>
`},
	}
}

// bounceTextsForeign are reports in languages that the fields do not help to
// understand; codes, addresses and ids are the same everywhere.
func bounceTextsForeign() []*Bounce {
	return []*Bounce{
		{Name: "russian", Kind: "report", Action: "failed", Class: "hard", Status: "5.1.1", text: `
From: MAILER-DAEMON@far.example
Subject: =?utf-8?B?0J7RiNC40LHQutCwINC00L7RgdGC0LDQstC60Lg=?=
Content-Type: text/plain; charset=utf-8

Не удалось доставить сообщение следующим получателям или группам:

{to}
Указанный адрес не найден.

Диагностические сведения для администраторов:
#550 5.1.1 RESOLVER.ADR.RecipNotFound; not found ##

Исходные заголовки сообщения:
Message-ID: {id}
`},
		{Name: "russian-delay", Kind: "report", Action: "delayed", Class: "soft", Comment: "no code at all", text: `
Return-Path: <>
From: Почтовая система <mailer-daemon@far.example>
Subject: =?koi8-r?B?+sHExdLWy8E=?=
Content-Type: text/plain; charset=koi8-r
Content-Transfer-Encoding: base64

{{koi8-r
Доставка вашего письма задерживается. Сервер будет повторять попытки ещё двое суток.
Получатель:
  {to}
Message-ID: {id}
}}`},
		{Name: "kazakh", Kind: "report", Action: "failed", Class: "hard", Status: "5.1.1", text: `
From: MAILER-DAEMON@far.example
Content-Type: text/plain; charset=utf-8

Хатыңыз мына алушыға жеткізілмеді:
<{to}>: 550 5.1.1 мұндай пайдаланушы жоқ

Message-ID: {id}
`},
		{Name: "german", Kind: "report", Action: "failed", Class: "hard", Status: "5.1.1", text: `
From: MAILER-DAEMON@far.example
Subject: Unzustellbar: [...]
Content-Type: text/plain; charset=iso-8859-1

Fehler bei der Nachrichtenzustellung an folgende Empfänger:
{to}
#550 5.1.1 unbekannt
Message-ID: {id}
`},
		{Name: "turkish", Kind: "report", Action: "failed", Class: "hard", Status: "5.7.1", text: `
From: Postmaster <postmaster@far.example>
Subject: =?utf-8?Q?=C4=B0letilemedi?=
Content-Type: text/plain; charset=utf-8

İLETİNİZ TESLİM EDİLEMEDİ: {to}
554 5.7.1 reddedildi
Message-ID: {id}
`},
		{Name: "chinese", Kind: "report", Action: "failed", Class: "hard", Status: "5.5.0", text: `
From: postmaster@far.example
Subject: =?utf-8?B?57O757uf6YCA5L+h?=
Content-Type: multipart/mixed; boundary=c

--c
Content-Type: text/plain; charset=utf-8

您的邮件被退回到您的收件箱。收信人: {to}
退信原因: 550 5.5.0 Mailbox not found
--c
Content-Type: message/rfc822

{head}
--c--
`},
		{Name: "unknown-language", Comment: "nothing is understood but the code", Kind: "report", Action: "failed", Class: "hard", Status: "5.1.1", text: `
Return-Path: <>
From: Postikone <postikone@far.example>
Subject: Viesti ei mennyt perille
Content-Type: text/plain; charset=utf-8

Valitettavasti: {to} : 550 5.1.1 tuntematon
Message-ID: {id}
`},
		{Name: "unknown-language-expired", Kind: "report", Action: "failed", Class: "soft", Status: "4.4.7", text: `
Return-Path: <>
From: Postikone <postikone@far.example>
Subject: Viesti

{to}: 550 4.4.7 vanhentunut
Message-ID: {id}
`},
	}
}

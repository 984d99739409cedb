package bounces

// bounceFields are reports with the fields of RFC 3464, as the servers make
// them.
func bounceFields() []*Bounce {
	return []*Bounce{
		{Name: "postfix-failed", Kind: "report", Action: "failed", Class: "hard", Status: "5.1.1", text: `
Return-Path: <>
From: MAILER-DAEMON@mx.far.example (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: {from}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="4Fh.17/mx"

This is a MIME-encapsulated message.

--4Fh.17/mx
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mx.far.example.

Your message could not go to one recipient. It stands below.

<{to}>: host 192.0.2.7[192.0.2.7] said: 550 5.1.1 <{to}>: Recipient
    address rejected: User unknown (in reply to RCPT TO command)

--4Fh.17/mx
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.far.example
Original-Envelope-Id: {envid}
X-Postfix-Queue-ID: 4Fh17
X-Postfix-Sender: rfc822; {from}

Final-Recipient: rfc822; {to}
Original-Recipient: rfc822;{to}
Action: failed
Status: 5.1.1
Remote-MTA: dns; 192.0.2.7
Diagnostic-Code: smtp; 550 5.1.1 <{to}>: Recipient address rejected: User unknown

--4Fh.17/mx
Content-Description: Undelivered Message Headers
Content-Type: text/rfc822-headers

{head}
--4Fh.17/mx--
`},
		{Name: "postfix-delayed", Kind: "report", Action: "delayed", Class: "soft", Status: "4.4.1", text: `
Return-Path: <>
From: MAILER-DAEMON@mx.far.example
Subject: Delayed Mail (still being retried)
Auto-Submitted: auto-replied
Content-Type: multipart/report; report-type=delivery-status; boundary=p

--p

This is the mail system at host mx.far.example. YOU DO NOT NEED TO RESEND YOUR MESSAGE.

<{to}>: connect to {domain}[192.0.2.9]:25: Connection timed out

--p
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.far.example
Original-Envelope-Id: {envid}

Final-Recipient: rfc822; {to}
Action: delayed
Status: 4.4.1
Diagnostic-Code: X-Postfix; connect to {domain}: Connection timed out
Will-Retry-Until: Sun, 15 Mar 2026 14:00:00 +0500

--p
Content-Type: text/rfc822-headers

{head}
--p--
`},
		{Name: "postfix-delivered", Kind: "report", Action: "delivered", Status: "2.0.0", text: `
Return-Path: <>
From: MAILER-DAEMON@mx.far.example
Subject: Successful Mail Delivery Report
Auto-Submitted: auto-replied
Content-Type: multipart/report; report-type=delivery-status; boundary=p

--p

This is the mail system at host mx.far.example. Your message was delivered.

--p
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.far.example
Original-Envelope-Id: {envid}

Final-Recipient: rfc822; {to}
Action: delivered
Status: 2.0.0
--p
Content-Type: text/rfc822-headers

{head}
--p--
`},
		{Name: "sendmail-failed", Kind: "report", Action: "failed", Class: "hard", Status: "5.1.2", text: `
Return-Path: <MAILER-DAEMON@mx.far.example>
From: Mail Delivery Subsystem <MAILER-DAEMON@mx.far.example>
Subject: Returned mail: see transcript for details
Auto-Submitted: auto-generated (failure)
Content-Type: multipart/report; report-type=delivery-status; boundary="22A.1/mx"

--22A.1/mx

The original message was received at Tue, 10 Mar 2026 14:00:00 +0500

   ----- The following addresses had permanent fatal errors -----
<{to}>
    (reason: 550 Host unknown)

   ----- Transcript of session follows -----
550 5.1.2 <{to}>... Host unknown (Name server: {domain}: host not found)

--22A.1/mx
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.far.example
Arrival-Date: Tue, 10 Mar 2026 14:00:00 +0500

Final-Recipient: RFC822; {to}
Action: failed
Status: 5.1.2
Remote-MTA: DNS; {domain}
Last-Attempt-Date: Tue, 10 Mar 2026 14:00:01 +0500

--22A.1/mx
Content-Type: message/rfc822

{letter}
--22A.1/mx--
`},
		{Name: "sendmail-warning", Kind: "report", Action: "delayed", Class: "soft", Status: "4.4.1", text: `
From: Mail Delivery Subsystem <MAILER-DAEMON@mx.far.example>
Subject: Warning: could not send message for past 4 hours
Auto-Submitted: auto-generated (warning-timeout)
Content-Type: multipart/report; report-type=delivery-status; boundary=s

--s

    **********************************************
    **      THIS IS A WARNING MESSAGE ONLY      **
    **  YOU DO NOT NEED TO RESEND YOUR MESSAGE  **
    **********************************************

   ----- Transcript of session follows -----
<{to}>... Deferred: Connection timed out with {domain}.
Message could not be delivered for 4 hours
Message will be retried for 5 days

--s
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.far.example

Final-Recipient: RFC822; {to}
Action: delayed
Status: 4.4.1

--s
Content-Type: text/rfc822-headers

{head}
--s--
`},
		{Name: "office365-no-mailbox", Kind: "report", Action: "failed", Class: "hard", Status: "5.1.10", text: `
Return-Path: <>
From: <postmaster@far.example>
Subject: Undeliverable: [...]
Auto-Submitted: auto-replied
In-Reply-To: {id}
References: {id}
X-MS-Exchange-Message-Is-Ndr:
Content-Type: multipart/report; report-type=delivery-status; boundary="_000_x_"

--_000_x_
Content-Type: multipart/alternative; boundary="_001_x_"

--_001_x_
Content-Type: text/plain; charset="us-ascii"

Your message to {to} couldn't be delivered. {local} wasn't found at {domain}.
--_001_x_
Content-Type: text/html; charset="us-ascii"

<html><body><p>Your message to <b>{to}</b> couldn't be delivered.</p></body></html>
--_001_x_--

--_000_x_
Content-Type: message/delivery-status

Reporting-MTA: dns;AM0.far.example
Received-From-MTA: dns;gw.example
Arrival-Date: Tue, 10 Mar 2026 09:00:00 +0000

Final-Recipient: rfc822;{to}
Action: failed
Status: 5.1.10
Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup
X-Display-Name: Duty desk

--_000_x_
Content-Type: message/rfc822

{letter}
--_000_x_--
`},
		{Name: "exchange-delayed-ru", Comment: "Russian text in windows-1251", Kind: "report", Action: "delayed", Class: "soft", Status: "4.4.7", text: `
From: Microsoft Exchange <postmaster@far.example>
Subject: =?windows-1251?B?7vLr7ublbeA=?=
Auto-Submitted: auto-replied
Content-Type: multipart/report; report-type=delivery-status; boundary=e

--e
Content-Type: text/plain; charset="windows-1251"
Content-Transfer-Encoding: base64

{{windows-1251
Доставка задержана для следующих получателей: {to}
Сервер будет повторять попытки доставить это сообщение.
}}
--e
Content-Type: message/delivery-status

Reporting-MTA: dns;ex01.far.example

Final-recipient: RFC822;{to}
Action: delayed
Status: 4.4.7
Will-Retry-Until: Thu, 12 Mar 2026 14:00:00 +0500

--e
Content-Type: message/rfc822

{head}
--e--
`},
		{Name: "exchange-expired", Kind: "report", Action: "failed", Class: "soft", Status: "4.4.7", text: `
From: Microsoft Exchange <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@far.example>
Subject: Undeliverable: [...]
Content-Type: multipart/report; report-type=delivery-status; boundary=e

--e
Content-Type: text/plain

Delivery has failed to these recipients or groups: {to}
The server has tried to deliver this message, without success, and has stopped trying.
--e
Content-Type: message/delivery-status

Reporting-MTA: dns;ex01.far.example

Final-recipient: RFC822;{to}
Action: failed
Status: 4.4.7
Diagnostic-Code: smtp;550 4.4.7 QUEUE.Expired; message expired
X-Original-Message-ID: {id}

--e--
`},
		{Name: "exim-report", Kind: "report", Action: "failed", Class: "hard", Status: "5.0.0", text: `
Return-path: <>
X-Failed-Recipients: {to}
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@mx.far.example>
Subject: Mail delivery failed: returning message to sender
Content-Type: multipart/report; report-type=delivery-status; boundary=1500-eximdsn-17

--1500-eximdsn-17
Content-type: text/plain; charset=us-ascii

This message was created automatically by mail delivery software.

  {to}
    Unrouteable address

--1500-eximdsn-17
Content-type: message/delivery-status

Reporting-MTA: dns; mx.far.example

Action: failed
Final-Recipient: rfc822;{to}
Status: 5.0.0

--1500-eximdsn-17
Content-type: message/rfc822

{head}
--1500-eximdsn-17--
`},
		{Name: "gmail-failed", Kind: "report", Action: "failed", Class: "hard", Status: "5.1.1", text: `
Return-Path: <>
From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>
Auto-Submitted: auto-replied
Subject: Delivery Status Notification (Failure)
References: {id}
In-Reply-To: {id}
X-Failed-Recipients: {to}
Content-Type: multipart/report; boundary="000g"; report-type=delivery-status

--000g
Content-Type: multipart/related; boundary="001g"

--001g
Content-Type: multipart/alternative; boundary="002g"

--002g
Content-Type: text/plain; charset="UTF-8"

** Address not found **

Your message wasn't delivered to {to} because the address couldn't be found.

The response was:

550 5.1.1 The email account that you tried to reach does not exist. - gsmtp
--002g
Content-Type: text/html; charset="UTF-8"

<html><body><h2>Address not found</h2></body></html>
--002g--
--001g
Content-Type: image/png; name="icon.png"
Content-Transfer-Encoding: base64

iVBORw0KGgo=
--001g--
--000g
Content-Type: message/delivery-status

Reporting-MTA: dns; googlemail.com
Arrival-Date: Tue, 10 Mar 2026 01:00:00 -0800 (PST)
X-Original-Message-ID: {id}

Final-Recipient: rfc822; {to}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550-5.1.1 The email account that you tried to reach does not exist.
Last-Attempt-Date: Tue, 10 Mar 2026 01:00:02 -0800 (PST)

--000g
Content-Type: message/rfc822

{head}
--000g--
`},
		{Name: "gmail-delayed", Kind: "report", Action: "delayed", Class: "soft", Status: "4.4.1", text: `
From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>
Subject: Delivery Status Notification (Delay)
In-Reply-To: {id}
Content-Type: multipart/report; boundary=g; report-type=delivery-status

--g
Content-Type: text/plain; charset="UTF-8"

** Delivery incomplete **

There was a temporary problem delivering your message to {to}. Gmail will retry for 47 more hours.
--g
Content-Type: message/delivery-status

Reporting-MTA: dns; googlemail.com

Final-Recipient: rfc822; {to}
Action: delayed
Status: 4.4.1
--g--
`},
		{Name: "courier-failed", Kind: "report", Action: "failed", Class: "hard", Status: "5.0.0", text: `
From: "mail delivery system at mx.far.example" <@>
Subject: NOTICE: mail delivery status.
Content-Type: multipart/report; report-type=delivery-status; boundary="=_courier"

--=_courier
Content-Type: text/plain; charset=us-ascii

This is a delivery status notification from mx.far.example, running the Courier mail server.

           UNDELIVERABLE MAIL

<{to}>:
     {domain} [192.0.2.3]:
}}> RCPT TO:<{to}>
<<< 550 User unknown.

--=_courier
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.far.example
Arrival-Date: Tue, 10 Mar 2026 14:00:00 +0500

Final-Recipient: rfc822; {to}
Action: failed
Status: 5.0.0
Diagnostic-Code: smtp; 550 User unknown.

--=_courier
Content-Type: text/rfc822-headers; charset=us-ascii

{head}
--=_courier--
`},
		{Name: "yandex-failed", Kind: "report", Action: "failed", Class: "soft", Status: "5.2.2", Comment: "a full mailbox: time mends it", text: `
Return-Path: <>
From: mailer-daemon@yandex.example
Subject: =?utf-8?B?0J3QtdC00L7RgdGC0LDQstC70LXQvdC90L7QtQ==?=
Auto-Submitted: auto-replied
Content-Type: multipart/report; report-type=delivery-status; boundary=y

--y
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

Это письмо отправлено почтовым сервером yandex.example.

К сожалению, ваше письмо не удалось доставить одному получателю:
<{to}>: 552 5.2.2 Mailbox size limit exceeded
--y
Content-Type: message/delivery-status

Reporting-MTA: dns; forward1.yandex.example
X-Yandex-Queue-ID: 17

Final-Recipient: rfc822; {to}
Original-Recipient: rfc822;{to}
Action: failed
Status: 5.2.2
Diagnostic-Code: smtp; 552 5.2.2 Mailbox size limit exceeded

--y
Content-Type: message/rfc822

{letter}
--y--
`},
		{Name: "mail-ru-failed", Kind: "report", Action: "failed", Class: "hard", Status: "5.7.1", text: `
From: Mail.Ru Postmaster <mailer-daemon@corp.mail.ru>
Subject: Mail failure.
Content-Type: multipart/report; report-type=delivery-status; boundary=m

--m
Content-Type: text/plain; charset=koi8-r
Content-Transfer-Encoding: base64

{{koi8-r
Письмо не доставлено: сервер получателя его отклонил.
{to}
}}
--m
Content-Type: message/delivery-status

Reporting-MTA: dns; f1.far.example

Final-Recipient: rfc822;{to}
Action: failed
Status: 5.7.1
Diagnostic-Code: smtp; 550 5.7.1 spam message rejected

--m
Content-Type: text/rfc822-headers

{head}
--m--
`},
		{Name: "domino-failed", Kind: "report", Action: "failed", Class: "hard", Status: "5.1.1", text: `
From: Postmaster@far.example
Subject: DELIVERY FAILURE: User {local} not listed in Domino Directory
X-Mailer: HCL Domino Release 14
Content-Type: multipart/report; report-type=delivery-status; boundary="==IFJ"

--==IFJ
Content-Type: text/plain; charset="us-ascii"

Your message

  Subject: [...]

was not delivered to:

  {to}

because:

  User {local} ({to}) not listed in Domino Directory

--==IFJ
Content-Type: message/delivery-status

Reporting-MTA: dns;notes.far.example

Final-Recipient: rfc822;{to}
Action: failed
Status: 5.1.1
Diagnostic-Code: X-Notes; User not listed in Domino Directory

--==IFJ
Content-Type: message/rfc822

{head}
--==IFJ--
`},
		{Name: "zimbra-failed", Kind: "report", Action: "failed", Class: "hard", Status: "5.4.4", text: `
Return-Path: <>
From: MAILER-DAEMON@zimbra.far.example (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary=z

--z
Content-Type: text/plain

This is the mail system at host zimbra.far.example.
--z
Content-Type: message/delivery-status

Reporting-MTA: dns; zimbra.far.example

Final-Recipient: rfc822; {to}
Action: failed
Status: 5.4.4
Diagnostic-Code: X-Postfix; Host or domain name not found.
--z
Content-Type: message/rfc822

{letter}
--z--
`},
		{Name: "ironport-failed", Kind: "report", Action: "failed", Class: "hard", Status: "5.1.0", text: `
From: "Mail Delivery System" <MAILER-DAEMON@esa.far.example>
Subject: Delivery Status Notification (Failure)
Content-Type: multipart/report; report-type=delivery-status; boundary=i

--i
Content-Type: text/plain; charset="us-ascii"

The following message to <{to}> was undeliverable.
The reason for the problem:
5.1.0 - Unknown address error 550-'No such recipient here'

--i
Content-Type: message/delivery-status

Reporting-MTA: dns; esa.far.example

Final-Recipient: rfc822;{to}
Action: failed
Status: 5.0.0 (permanent failure)
Diagnostic-Code: smtp; 5.1.0 - Unknown address error 550-'No such recipient here' (delivery attempts: 0)

--i
Content-Type: message/rfc822

{head}
--i--
`},
		{Name: "proofpoint-failed", Kind: "report", Action: "failed", Class: "hard", Status: "5.7.0", text: `
From: Mail Delivery Subsystem <MAILER-DAEMON@m0.pphosted.example>
Subject: Returned mail: see transcript for details
Content-Type: multipart/report; report-type=delivery-status; boundary=pp

--pp

   ----- Transcript of session follows -----
... while talking to mx.{domain}:
}}> DATA
<<< 554 5.7.0 Reject, id=17
554 5.0.0 Service unavailable

--pp
Content-Type: message/delivery-status

Reporting-MTA: dns; m0.pphosted.example

Final-Recipient: RFC822; {to}
Action: failed
Status: 5.7.0
Diagnostic-Code: SMTP; 554 5.7.0 Reject, id=17

--pp
Content-Type: text/rfc822-headers

{head}
--pp--
`},
		{Name: "barracuda-blocked", Kind: "report", Action: "failed", Class: "hard", Status: "5.7.1", text: `
From: MAILER-DAEMON@barracuda.far.example
Subject: **Message you sent blocked by our bulk email filter**
Content-Type: multipart/report; report-type=delivery-status; charset=utf-8; boundary=b

--b
Content-Type: text/plain; charset=utf-8

Your message to: {to}
was blocked by our Spam Firewall. The email you sent with the following subject has NOT BEEN DELIVERED: [...]

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; barracuda.far.example

Final-Recipient: rfc822; {to}
Action: failed
Status: 5.7.1
Diagnostic-Code: smtp; 550 5.7.1 Message content rejected, id=17

--b
Content-Type: text/rfc822-headers

{head}
--b--
`},
		{Name: "ses-failed", Kind: "report", Action: "failed", Class: "hard", Status: "5.1.1", text: `
From: MAILER-DAEMON@ses.far.example
Subject: Delivery Status Notification (Failure)
Content-Type: multipart/report; report-type=delivery-status; boundary=a

--a
Content-Type: text/plain

An error occurred while trying to deliver the mail to the following recipients:
{to}
--a
Content-Type: message/delivery-status

Reporting-MTA: dns; ses.far.example

Action: failed
Final-Recipient: rfc822; {to}
Diagnostic-Code: smtp; 550 5.1.1 user unknown
Status: 5.1.1
--a
Content-Type: message/rfc822

{head}
--a--
`},
		{Name: "utf8-global", Comment: "RFC 6533: a recipient in Cyrillic beside ours", Kind: "report", Action: "failed", Class: "hard", Status: "5.1.1", text: `
From: MAILER-DAEMON@mx.far.example
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary=u

--u
Content-Type: text/plain; charset=utf-8

Хат жеткізілмеді.
--u
Content-Type: message/global-delivery-status
Content-Transfer-Encoding: 8bit

Reporting-MTA: dns; mx.far.example

Final-Recipient: utf-8; {to}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 мекенжай белгісіз

--u
Content-Type: message/global-headers

{head}
--u--
`},
	}
}

// bounceFieldsBroken are reports whose fields stand in the wrong place, or not
// all of them do.
func bounceFieldsBroken() []*Bounce {
	return []*Bounce{
		{Name: "fields-without-third-part", Comment: "nothing is returned: the ENVID alone tells the letter", Kind: "report", Action: "failed", Class: "hard", Status: "5.1.1", text: `
From: postmaster@far.example
Content-Type: multipart/report; report-type=delivery-status; boundary=x

--x

not delivered
--x
Content-Type: message/delivery-status

Reporting-MTA: dns; far.example
Original-Envelope-Id: {envid}

Final-Recipient: rfc822;{to}
Action: failed
Status: 5.1.1
--x--
`},
		{Name: "fields-labelled-as-text", Kind: "report", Action: "failed", Class: "hard", Status: "5.1.1", text: `
Return-Path: <>
From: postmaster@far.example
Content-Type: multipart/mixed; boundary=x

--x
Content-Type: text/plain

Delivery failed.
--x
Content-Type: text/plain; name="details.txt"
Content-Disposition: attachment; filename="details.txt"

Reporting-MTA: dns; far.example

Final-Recipient: rfc822;{to}
Action: failed
Status: 5.1.1
--x
Content-Type: message/rfc822

{head}
--x--
`},
		{Name: "fields-labelled-as-octets", Kind: "report", Action: "failed", Class: "hard", Status: "5.7.1", text: `
From: MAILER-DAEMON@far.example
Content-Type: multipart/report; boundary=x

--x
Content-Type: application/octet-stream; name="delivery-status"
Content-Transfer-Encoding: base64

{{utf-8
Reporting-MTA: dns; far.example

Final-Recipient: rfc822;{to}
Action: failed
Status: 5.7.1
}}
--x
Content-Type: text/rfc822-headers

{head}
--x--
`},
		{Name: "fields-without-action", Kind: "report", Action: "failed", Class: "hard", Status: "5.1.1", text: `
From: MAILER-DAEMON@far.example
Content-Type: multipart/report; report-type=delivery-status; boundary=x

--x

gone
--x
Content-Type: message/delivery-status

Reporting-MTA: dns; far.example
Original-Envelope-Id: {envid}
Final-Recipient: rfc822;{to}
Diagnostic-Code: smtp; 550 5.1.1 no such user
--x--
`},
		{Name: "fields-without-recipient", Comment: "the fields say nothing, the text does", Kind: "report", Action: "failed", Class: "hard", Status: "5.1.1", text: `
From: MAILER-DAEMON@far.example
Content-Type: multipart/report; report-type=delivery-status; boundary=x

--x
Content-Type: text/plain

The mail could not be delivered:
<{to}>: 550 5.1.1 no such user
--x
Content-Type: message/delivery-status

Reporting-MTA: dns; far.example
--x
Content-Type: message/rfc822

{head}
--x--
`},
		{Name: "report-without-fields", Comment: "multipart/report with text and header alone", Kind: "report", Action: "failed", Class: "hard", Status: "5.4.6", text: `
From: MAILER-DAEMON@far.example
Content-Type: multipart/report; report-type=delivery-status; boundary=x

--x
Content-Type: text/plain

Returned mail. <{to}>: 554 5.4.6 too many hops
--x
Content-Type: text/rfc822-headers

{head}
--x--
`},
		{Name: "passed-on-as-attachment", Comment: "a rule of the mailbox passes reports on", Kind: "report", Action: "failed", Class: "hard", Status: "5.1.1", text: `
From: {from}
Subject: Fwd: Undelivered Mail Returned to Sender
Content-Type: multipart/mixed; boundary=outer

--outer
Content-Type: message/rfc822

From: MAILER-DAEMON@far.example
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary=inner

--inner

not delivered
--inner
Content-Type: message/delivery-status

Reporting-MTA: dns; far.example

Final-Recipient: rfc822;{to}
Action: failed
Status: 5.1.1
--inner
Content-Type: text/rfc822-headers

{head}
--inner--

--outer--
`},
		{Name: "boundary-lost", Comment: "the closing boundary is cut off", Kind: "report", Action: "failed", Class: "hard", Status: "5.1.1", text: `
From: MAILER-DAEMON@far.example
Content-Type: multipart/report; report-type=delivery-status; boundary=x

--x
Content-Type: message/delivery-status

Reporting-MTA: dns; far.example
Original-Envelope-Id: {envid}

Final-Recipient: rfc822;{to}
Action: failed
Status: 5.1.1
`},
	}
}

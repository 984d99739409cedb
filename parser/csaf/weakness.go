package csaf

import (
	"strings"
	"sync"
)

// weaknesses are the names of the weaknesses that advisories name most, as the
// CWE list has them (6.1.11). The whole list is not here: of a weakness that is
// not in this table only the form of its id is judged.
var weaknesses = sync.OnceValue(func() map[string]string {
	all := map[string]string{}
	for line := range strings.Lines(strings.TrimSpace(weaknessNames)) {
		id, name, _ := strings.Cut(strings.TrimSpace(line), " ")
		all["CWE-"+id] = name
	}
	return all
})

const weaknessNames = `
20 Improper Input Validation
22 Improper Limitation of a Pathname to a Restricted Directory ('Path Traversal')
77 Improper Neutralization of Special Elements used in a Command ('Command Injection')
78 Improper Neutralization of Special Elements used in an OS Command ('OS Command Injection')
79 Improper Neutralization of Input During Web Page Generation ('Cross-site Scripting')
89 Improper Neutralization of Special Elements used in an SQL Command ('SQL Injection')
94 Improper Control of Generation of Code ('Code Injection')
119 Improper Restriction of Operations within the Bounds of a Memory Buffer
120 Buffer Copy without Checking Size of Input ('Classic Buffer Overflow')
121 Stack-based Buffer Overflow
122 Heap-based Buffer Overflow
125 Out-of-bounds Read
190 Integer Overflow or Wraparound
269 Improper Privilege Management
276 Incorrect Default Permissions
287 Improper Authentication
295 Improper Certificate Validation
306 Missing Authentication for Critical Function
307 Improper Restriction of Excessive Authentication Attempts
327 Use of a Broken or Risky Cryptographic Algorithm
352 Cross-Site Request Forgery (CSRF)
362 Concurrent Execution using Shared Resource with Improper Synchronization ('Race Condition')
416 Use After Free
426 Untrusted Search Path
434 Unrestricted Upload of File with Dangerous Type
476 NULL Pointer Dereference
502 Deserialization of Untrusted Data
522 Insufficiently Protected Credentials
601 URL Redirection to Untrusted Site ('Open Redirect')
639 Authorization Bypass Through User-Controlled Key
732 Incorrect Permission Assignment for Critical Resource
770 Allocation of Resources Without Limits or Throttling
787 Out-of-bounds Write
798 Use of Hard-coded Credentials
862 Missing Authorization
863 Incorrect Authorization
918 Server-Side Request Forgery (SSRF)
`

package catalogue

import "golang.org/x/text/language"

// Negotiate picks the language of an answer by the client's Accept-Language
// (RFC 9110 12.5.4): "kk", "ru" or "en"; fallback where none of them is asked
// for, or where the field cannot be read.
func Negotiate(acceptLanguage, fallback string) string {
	asked, q, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil {
		return fallback
	}
	for i, tag := range asked {
		base, _ := tag.Base()
		switch have := base.String(); {
		case q[i] == 0:
		case have == "kk" || have == "ru" || have == "en":
			return have
		}
	}
	return fallback
}

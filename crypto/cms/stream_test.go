package cms

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"almasu/crypto/cms/ber"
)

// OpenReader says what Open says, however the bytes come.
func TestOpenReader(t *testing.T) {
	for _, size := range []int{0, 1, 15, 16, 17, 32<<10 - 1, 32 << 10, 32<<10 + 16, 200_000} {
		long := bytes.Repeat([]byte{'x'}, size)
		for _, cipher := range []Cipher{AES256GCM, AES128CBC} {
			for _, kind := range []ContentType{Data, SignedData} {
				raw, err := Encrypt(long, []Recipient{{Certificate: people()["rsa"].cert}, {Certificate: people()["p256"].cert}}, EncryptOptions{Cipher: cipher, Type: kind})
				must(err)
				raws := [][]byte{raw}
				if size < 1000 {
					raws = append(raws, segmented(t, raw))
				}
				for _, raw := range raws {
					for _, early := range []bool{false, true} {
						for _, source := range []io.Reader{bytes.NewReader(raw), iotest.HalfReader(bytes.NewReader(raw)), iotest.DataErrReader(bytes.NewReader(raw))} {
							o := OpenOptions{ReleaseUnauthenticated: early}
							r, err := OpenReader(source, []Key{people()["p256"].key()}, o)
							if err != nil {
								t.Fatal(size, cipher, err)
							}
							got, err := io.ReadAll(r)
							if err != nil || !bytes.Equal(got, long) || r.Authenticated != (cipher == AES256GCM) || r.Type != kind || r.Recipient+1 != r.Recipients && r.Recipient != 0 {
								t.Errorf("%d %s: %d bytes, %v, %+v", size, cipher, len(got), err, r.Opened)
							}
						}
					}
				}
			}
		}
	}
}

// What is cut off, damaged or followed by something is an error, and nothing of
// it comes out unless that was asked for.
func TestOpenReaderRefuses(t *testing.T) {
	long := bytes.Repeat([]byte{'x'}, 100_000)
	for _, cipher := range []Cipher{AES256GCM, AES128CBC} {
		raw, err := Encrypt(long, []Recipient{{Certificate: people()["p256"].cert}}, EncryptOptions{Cipher: cipher})
		must(err)
		damaged := bytes.Clone(raw)
		if damaged[len(raw)-3] ^= 1; cipher == AES128CBC {
			damaged = bytes.Clone(raw)
			damaged[len(raw)-17] ^= 0x40 // the padding, by way of the block before
		}
		cases := map[string]struct {
			raw  []byte
			want error
		}{
			"a byte behind": {append(bytes.Clone(raw), 0), ErrTrailingData}, "cut off": {raw[:90_000], ErrMalformed}, "damaged": {damaged, ErrDecrypt},
			"the end cut off": {raw[:len(raw)-1], ErrMalformed}, "nothing": {nil, ErrMalformed},
		}
		for name, c := range cases {
			r, err := OpenReader(bytes.NewReader(c.raw), []Key{people()["p256"].key()}, OpenOptions{})
			if !errors.Is(err, c.want) || r != nil {
				t.Errorf("%s %s: %v", cipher, name, err)
			}
			r, err = OpenReader(bytes.NewReader(c.raw), []Key{people()["p256"].key()}, OpenOptions{ReleaseUnauthenticated: true})
			if err == nil {
				if cipher == AES256GCM {
					t.Errorf("%s %s: content before authentication", cipher, name)
				}
				_, err = io.ReadAll(r)
			}
			if !errors.Is(err, c.want) {
				t.Errorf("%s %s, as it comes: %v", cipher, name, err)
			}
		}
		for _, early := range []bool{false, true} {
			r, err := OpenReader(bytes.NewReader(raw), []Key{people()["p256"].key()}, OpenOptions{ReleaseUnauthenticated: early, Limits: Limits{Content: 50_000}})
			if err == nil {
				_, err = io.ReadAll(r)
			}
			if !errors.Is(err, ErrTooLarge) {
				t.Errorf("%s: %v", cipher, err)
			}
			broken := iotest.TimeoutReader(iotest.OneByteReader(bytes.NewReader(raw)))
			if r, err = OpenReader(broken, []Key{people()["p256"].key()}, OpenOptions{ReleaseUnauthenticated: early}); err == nil {
				_, err = io.ReadAll(r)
			}
			if !errors.Is(err, iotest.ErrTimeout) {
				t.Errorf("%s: the error of the source is lost: %v", cipher, err)
			}
		}
	}
	if _, err := OpenReader(bytes.NewReader(wrapped(SignedData, ber.Seq())), nil, OpenOptions{}); !errors.Is(err, ErrWrongType) {
		t.Error(err)
	}
}

# Almasu. Two commands matter: make demo and make test.

GO ?= go
# Pinned here and not in go.mod: a tool is no dependency of the program.
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
# Which peers (Dovecot, Postfix, GnuPG, PostgreSQL, ...) a test may not do
# without: 1 is all of them; user is all that an ordinary user can start.
ALMASU_REQUIRE_PEERS ?= $(if $(filter 0,$(shell id -u)),1,user)

.PHONY: demo test bench fuzz interop build peers format vet lint unit

demo: ## both roles on loopback, with keys made on the spot
	$(GO) run ./cmd/almasu demo

test: peers format vet lint unit ## everything that must hold before a change is shared

bench: ## drain ratio against the bare cryptography and gpg, parsing beside encoding/json and xml, as JSON lines
	@$(GO) run ./test/bench

fuzz: ## the fuzz targets of mail and cryptography, 20 s each; keeps small inputs as seeds
	scripts/fuzz

interop: ## what partners' programs and ours read of each other, into docs/INTEROP.md
	scripts/peers --interop
	@$(GO) run ./test/interop >docs/INTEROP.md.new && mv docs/INTEROP.md.new docs/INTEROP.md

build: ## bin/almasu
	$(GO) build -trimpath -o bin/almasu ./cmd/almasu

peers: # installs what the tests need, or says what is missing
	scripts/peers

format:
	@unformatted="$$(gofmt -l $$(git ls-files -- '*.go'))"; \
	if [ -n "$$unformatted" ]; then echo "gofmt these files: $$unformatted" >&2; exit 1; fi

vet:
	$(GO) vet ./...

lint:
	$(GO) run $(STATICCHECK) ./...

unit: # unit, peer and end-to-end tests with the race detector, and every fuzz seed
	ALMASU_REQUIRE_PEERS=$(ALMASU_REQUIRE_PEERS) $(GO) test -race -count 1 -timeout 20m ./...
	$(GO) test -timeout 2m -run 'Year|Cost' ./rules ./gateway # too slow, and no measure, under the race detector
	if [ "$$($(GO) env CGO_ENABLED)" = 1 ] && command -v softhsm2-util >/dev/null; then \
		ALMASU_REQUIRE_PEERS=$(ALMASU_REQUIRE_PEERS) $(GO) test -count 1 -timeout 5m -tags pkcs11 -run 'HSM|Token|Built|Oracle|Away' ./crypto/hsm ./cmd/almasu; fi

# The local cloud, and the tests that need it. Included by lambda/lambda.mk.
#
#   IMG    make local: a photograph of yours     ONCE=1   show it and end
export ONCE
NODE := build/local/node
.PHONY: local test-long
LOCAL_PROGRAMS := $(O)/lambda/image-processor $(O)/lambda/webhook-handler $(O)/lambda/email-sender \
	$(O)/lambda/settlement-report $(O)/bin/webhook-send
# The sandbox that make local runs in.
CONFINE := $(O)/lambda/local/confine
CONFINE_SOURCE := lambda/local/confine.c
$(CONFINE): $(call objects,$(CONFINE_SOURCE))
	$(call link,$^)
tests: $(CONFINE)

# Programs of node's test runner; their output is TAP. Those of the local cloud itself run no program
# in C, so a build with a sanitizer changes nothing in them.
LOCAL_CLOUD_TESTS := tests/lambda/test_calls.mjs \
	tests/lambda/test_database.mjs tests/lambda/test_front.mjs tests/lambda/test_iam.mjs \
	tests/lambda/test_local_services.mjs tests/lambda/test_prices.mjs tests/lambda/test_rights.mjs \
	tests/lambda/test_runtime_api.mjs tests/lambda/test_triggers.mjs
LAMBDA_TESTS := tests/lambda/test_calls_made.mjs tests/lambda/test_confine.mjs tests/lambda/test_end_to_end.mjs tests/lambda/test_local.mjs \
	tests/lambda/test_market.mjs tests/lambda/test_settings_read.mjs \
	$(LOCAL_CLOUD_TESTS)
PLAIN_TESTS += tests/lambda/test_calls_made.mjs tests/lambda/test_confine.mjs tests/lambda/test_settings_read.mjs tests/lambda/test_local.mjs \
	tests/lambda/test_market.mjs $(LOCAL_CLOUD_TESTS)
# Those that take minutes.
LAMBDA_LONG_TESTS += tests/lambda/test_clients.mjs tests/lambda/test_long.mjs

test-long: ## the tests that take minutes: 10,000 invocations and flat
	@sh .ci/packages build test npm local
	@sh lambda/local/setup.sh
	@$(MAKE) --no-print-directory tests
	@TEST_LONG=1 TEST_SECONDS=3600 TEST_ORDERS=20000 $(RUN_TESTS) $(LAMBDA_LONG_TESTS)

.PHONY: infra-calls
infra-calls: ## write the calls that the functions make anew: infra/checks/calls.jsonl
	@sh .ci/packages build test npm local
	@sh lambda/local/setup.sh
	@$(MAKE) --no-print-directory $(LOCAL_PROGRAMS) $(O)/lambda/deploy-check $(TOOL_PROGRAMS)
	@BUILD=$(O) $(NODE) tests/support/record_calls.mjs

local: ## the four functions in the local cloud: a photograph, and a day at the market (IMG=yours, ONCE=1)
	@sh .ci/packages build npm local $(if $(IMG),,run)
	@sh lambda/local/setup.sh
	@$(MAKE) --no-print-directory $(LOCAL_PROGRAMS) $(CONFINE)
	@if [ -n "$$IMG" ]; then set -- "$$IMG"; \
	else set -- $$(dpkg-query -L lomiri-wallpapers-20.04 | grep -E '[.]jpg$$' | head -n 1); fi; \
	calls=$$(dirname "$${RECORD_CALLS:-.}"); \
	mkdir -p "$$OUT/local" "$$calls"; \
	exec $(CONFINE) --read . --read $(O) --read "$$1" --write "$$OUT/local" $${RECORD_CALLS:+--write "$$calls"} \
		--temporary "$${TMPDIR:-/tmp}" -- \
		$(NODE) lambda/local/local.mjs --programs $(O) --platforms tests/services/platforms --out "$$OUT/local" \
		$(if $(filter 1,$(ONCE)),--once) -- "$$@"

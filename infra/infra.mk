# Terraform: its checks without an account, the rendered plans, the tables in the READMEs. Included by the Makefile.
# make infra-lines: needs the functions and their tests.
.PHONY: infra-apply infra-recorded infra-long infra-test infra-lines infra-check infra-plan infra-tables infra-schema
# They run no program in C, so a build with a sanitizer changes nothing in them.
INFRA_LONG_TESTS := tests/infra/test_apply.mjs tests/infra/test_bootstrap.mjs tests/infra/test_faults.mjs tests/infra/test_refusals.mjs
INFRA_TESTS := tests/infra/test_apply.mjs tests/infra/test_bootstrap.mjs tests/infra/test_deployment.mjs tests/infra/test_faults.mjs tests/infra/test_observability.mjs tests/infra/test_provider.mjs tests/infra/test_queries.mjs tests/infra/test_refusals.mjs tests/infra/test_volume.mjs
LAMBDA_TESTS += $(INFRA_TESTS)
PLAIN_TESTS += $(INFRA_TESTS)
LAMBDA_LONG_TESTS += $(INFRA_LONG_TESTS)

infra-check: ## Terraform, policies, schedules, scripts, workflows, without an account
	@sh .ci/packages npm ci
	@sh lambda/local/setup.sh
	@build/local/node infra/checks/infra_check.mjs

infra-test: ## what the modules refuse, by terraform test (needs terraform; part of make test-long)
	@sh lambda/local/setup.sh
	@TEST_LONG=1 build/local/node --test tests/infra/test_refusals.mjs

# What make test-long runs of it.
infra-long: $(O)/lambda/image-processor $(O)/lambda/email-sender $(O)/tests/support/make_pictures ## all tests of infra/ that need terraform
	@sh lambda/local/setup.sh
	@TEST_LONG=1 BUILD=$(O) build/local/node --test $(INFRA_LONG_TESTS)

infra-apply: ## dev applied to the local cloud, changed and destroyed (needs terraform; part of make test-long)
	@sh lambda/local/setup.sh
	@build/local/node infra/checks/apply.mjs

infra-recorded: ## the calls that make test has recorded, against the roles
	@build/local/node infra/checks/semantics.mjs --calls $(O)/calls

infra-plan: ## the rendered plans of dev and prod made anew (needs terraform)
	@sh lambda/local/setup.sh
	@build/local/node infra/checks/plans.mjs

infra-tables: ## the tables in the modules' READMEs and the policies in the functions' made anew
	@sh lambda/local/setup.sh
	@build/local/node infra/checks/infra_check.mjs --tables
	@build/local/node infra/checks/readme_rights.mjs --write

infra-schema: ## the reduced schema of the AWS provider made anew (37 MB from npm)
	@sh lambda/local/setup.sh
	@build/local/node infra/checks/make_schema.mjs

infra-lines: ## the shapes of the functions' log lines recorded anew (some minutes)
	@sh .ci/packages build test npm local
	@sh lambda/local/setup.sh
	@$(MAKE) --no-print-directory tests
	@build/local/node tests/support/record_lines.mjs

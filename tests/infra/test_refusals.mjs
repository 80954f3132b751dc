// What the modules refuse: `terraform test` in each module that has tests, by Terraform's own engine with the provider's
// stub (`make infra-test`).
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { hasTerraform, Terraform } from '../../infra/checks/terraform.mjs';
import { INFRA } from '../../infra/checks/tree.mjs';

const MODULES = readdirSync(join(INFRA, 'modules')).sort();
const testsOf = (module) => join(INFRA, 'modules', module, 'tests');
const TESTED = MODULES.filter((module) => existsSync(testsOf(module)));
// What platform's, the functions' and the plans' checks are about.
const UNTESTED = ['deploy', 'observability'];

test('each module has tests of what it refuses, but for those whose variables other modules set', () => {
  assert.deepEqual(MODULES.filter((module) => !TESTED.includes(module)), UNTESTED);
});

// Each run plans the module: 40 s of CPU time for all.
const skip = !hasTerraform() ? 'terraform is not installed' : process.env.TEST_LONG ? false : 'in make test-long';
const terraform = skip ? null : await Terraform.start();
after(() => terraform?.close());

for (const module of TESTED) {
  test(`terraform: ${module}`, { skip }, async () => {
    const folder = join('modules', module);
    const init = await terraform.init(folder);
    assert.equal(init.status, 0, init.stderr);
    const { status, stdout, stderr } = await terraform.run(folder, ['test', '-no-color']);
    const runs = readdirSync(testsOf(module)).flatMap((file) => readFileSync(join(testsOf(module), file), 'utf8').match(/^run "/gm)).length;
    assert.equal(status, 0, stdout + stderr);
    assert.match(stdout, new RegExp(`Success! ${runs} passed, 0 failed`));
  });
}

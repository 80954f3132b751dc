// The evaluator of IAM policies against the examples and rules of the IAM user guide; each test names its page
// below https://docs.aws.amazon.com/IAM/latest/UserGuide/.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evaluate, matchesText } from '../../infra/checks/iam.mjs';

const policy = (...statements) => ({ Version: '2012-10-17', Statement: statements });
const allow = (more) => ({ Effect: 'Allow', Action: 's3:GetObject', Resource: '*', ...more });
const decide = (policies, action, resource, context = {}) => evaluate(policies, { action, resource, context }).decision;
// Whether a condition holds.
const holds = (condition, context) => decide(policy(allow({ Condition: condition })), 's3:GetObject', 'arn:aws:s3:::b/k', context) === 'allow';

test('everything is denied by default, and an explicit deny wins (reference_policies_evaluation-logic)', () => {
  const reads = policy(allow({ Resource: 'arn:aws:s3:::carlossalazar-logs/*' }));
  const denies = policy({ Effect: 'Deny', Action: 's3:*', Resource: 'arn:aws:s3:::carlossalazar-logs/secret/*' });
  assert.equal(decide([], 's3:GetObject', 'arn:aws:s3:::carlossalazar-logs/a'), 'implicit deny');
  assert.equal(decide(reads, 's3:GetObject', 'arn:aws:s3:::carlossalazar-logs/a'), 'allow');
  assert.equal(decide(reads, 's3:PutObject', 'arn:aws:s3:::carlossalazar-logs/a'), 'implicit deny');
  assert.equal(decide(reads, 's3:GetObject', 'arn:aws:s3:::carlossalazar/a'), 'implicit deny');
  assert.equal(decide([reads, denies], 's3:GetObject', 'arn:aws:s3:::carlossalazar-logs/secret/a'), 'explicit deny');
  assert.equal(decide([denies, reads], 's3:GetObject', 'arn:aws:s3:::carlossalazar-logs/a'), 'allow');
});

test('actions: wildcards, any case, NotAction (reference_policies_elements_action, _notaction)', () => {
  const keys = policy(allow({ Action: 'iam:*AccessKey*' }));
  for (const action of ['iam:CreateAccessKey', 'iam:DeleteAccessKey', 'iam:ListAccessKeys', 'IAM:createaccesskey']) assert.equal(decide(keys, action, 'arn:aws:iam::111122223333:user/a'), 'allow', action);
  assert.equal(decide(keys, 'iam:CreateUser', 'arn:aws:iam::111122223333:user/a'), 'implicit deny');
  assert.equal(decide(policy(allow({ Action: 's3:?etObject' })), 's3:PutObject', 'arn:aws:s3:::b/k'), 'implicit deny');
  assert.equal(decide(policy(allow({ Action: 's3:GetObject' })), 's3:GetObjectVersion', 'arn:aws:s3:::b/k'), 'implicit deny');
  const all_but = policy({ Effect: 'Allow', NotAction: 's3:DeleteBucket', Resource: 'arn:aws:s3:::*' });
  assert.equal(decide(all_but, 's3:ListBucket', 'arn:aws:s3:::b'), 'allow');
  assert.equal(decide(all_but, 's3:DeleteBucket', 'arn:aws:s3:::b'), 'implicit deny');
  assert.equal(decide(all_but, 'iam:ListUsers', 'arn:aws:iam::1:user/a'), 'implicit deny');
});

test('resources: wildcards within a field of the ARN, NotResource (reference_policies_elements_resource)', () => {
  const on = (resource) => (arn) => decide(policy(allow({ Action: '*', Resource: resource })), 'x:Y', arn) === 'allow';
  assert.ok(on('arn:aws:s3:::amzn-s3-demo-bucket/*/test/*')('arn:aws:s3:::amzn-s3-demo-bucket/1/test/object.jpg'));
  assert.ok(on('arn:aws:s3:::amzn-s3-demo-bucket/*/test/*')('arn:aws:s3:::amzn-s3-demo-bucket/1/2/test/3/object.jpg'));
  assert.ok(!on('arn:aws:s3:::amzn-s3-demo-bucket/*/test/*')('arn:aws:s3:::amzn-s3-demo-bucket/1/file1/test.txt'));
  assert.ok(!on('arn:aws:s3:::amzn-s3-demo-bucket/*/test/*')('arn:aws:s3:::amzn-s3-demo-bucket/test/object.jpg'));
  assert.ok(on('arn:aws:sqs:*:111122223333:q')('arn:aws:sqs:ap-northeast-2:111122223333:q'));
  // A wildcard of one field does not reach into the next.
  assert.ok(!on('arn:aws:sqs:*:q:x')('arn:aws:sqs:ap-northeast-2:111122223333:q:x'));
  assert.ok(on('arn:aws:secretsmanager:r:1:secret:db-??????')('arn:aws:secretsmanager:r:1:secret:db-AbCdEf'));
  assert.ok(!on('arn:aws:secretsmanager:r:1:secret:db-??????')('arn:aws:secretsmanager:r:1:secret:db-2-AbCdEf'));
  assert.ok(!on('arn:aws:sqs:r:1:Q')('arn:aws:sqs:r:1:q'));
  assert.ok(on('arn:aws:lambda:r:1:function:f:*')('arn:aws:lambda:r:1:function:f:live'));
  assert.ok(!on('arn:aws:lambda:r:1:function:f')('arn:aws:lambda:r:1:function:f:live'));
  // An action about no resource is allowed by "*" alone.
  assert.ok(on('*')('*') && !on('arn:aws:s3:::*')('*'));
  const not = policy({ Effect: 'Deny', Action: 's3:*', NotResource: ['arn:aws:s3:::HRBucket/Payroll', 'arn:aws:s3:::HRBucket/Payroll/*'] });
  assert.equal(decide(not, 's3:GetObject', 'arn:aws:s3:::HRBucket/Payroll/a'), 'implicit deny');
  assert.equal(decide(not, 's3:GetObject', 'arn:aws:s3:::HRBucket/Other'), 'explicit deny');
});

test('string conditions (reference_policies_elements_condition_operators)', () => {
  assert.ok(holds({ StringEquals: { 'aws:PrincipalTag/job-category': 'iamuser-admin' } }, { 'aws:PrincipalTag/job-category': 'iamuser-admin' }));
  assert.ok(!holds({ StringEquals: { 'aws:PrincipalTag/job-category': 'iamuser-admin' } }, { 'aws:PrincipalTag/job-category': 'IAMUSER-ADMIN' }));
  assert.ok(holds({ StringEqualsIgnoreCase: { 'a:b': 'X' } }, { 'a:b': 'x' }));
  // Keys in any case.
  assert.ok(holds({ StringEquals: { 'AWS:sourceaccount': '1' } }, { 'aws:SourceAccount': '1' }));
  // A key that the request does not have: false; negated: true.
  assert.ok(!holds({ StringEquals: { 'a:b': 'x' } }, {}));
  assert.ok(holds({ StringNotEquals: { 'a:b': 'x' } }, {}));
  assert.ok(holds({ StringEqualsIfExists: { 'a:b': 'x' } }, {}) && !holds({ StringEqualsIfExists: { 'a:b': 'x' } }, { 'a:b': 'y' }));
  assert.ok(holds({ StringLike: { 's3:prefix': ['home/', 'home/*'] } }, { 's3:prefix': 'home/adele/a' }));
  assert.ok(!holds({ StringLike: { 's3:prefix': ['', 'home/'] } }, { 's3:prefix': 'home/adele' }));
  assert.ok(holds({ StringLike: { 's3:prefix': ['', 'home/'] } }, { 's3:prefix': '' }));
  // StringEquals has no wildcards.
  assert.ok(!holds({ StringEquals: { 's3:prefix': 'home/*' } }, { 's3:prefix': 'home/a' }));
  // Several values of a negated operator: none of them.
  assert.ok(!holds({ StringNotEquals: { 'a:b': ['x', 'y'] } }, { 'a:b': 'x' }) && holds({ StringNotEquals: { 'a:b': ['x', 'y'] } }, { 'a:b': 'z' }));
  // All operators and all keys must hold.
  assert.ok(!holds({ StringEquals: { 'a:b': 'x', 'a:c': 'y' } }, { 'a:b': 'x', 'a:c': 'z' }));
  assert.ok(!holds({ StringEquals: { 'a:b': 'x' }, Bool: { 'aws:SecureTransport': 'true' } }, { 'a:b': 'x', 'aws:SecureTransport': 'false' }));
});

test('numeric, date, Boolean, binary, IP, ARN and null conditions (reference_policies_elements_condition_operators)', () => {
  assert.ok(holds({ NumericLessThanEquals: { 's3:max-keys': '10' } }, { 's3:max-keys': '10' }));
  assert.ok(!holds({ NumericLessThanEquals: { 's3:max-keys': '10' } }, { 's3:max-keys': '11' }));
  assert.ok(holds({ NumericGreaterThan: { 'a:b': 9 } }, { 'a:b': '10' }));
  assert.ok(holds({ DateGreaterThan: { 'aws:TokenIssueTime': '2020-01-01T00:00:01Z' } }, { 'aws:TokenIssueTime': '2020-01-01T00:00:02Z' }));
  assert.ok(holds({ DateEquals: { 'a:b': '1577836801' } }, { 'a:b': '2020-01-01T00:00:01Z' }));
  assert.ok(holds({ Bool: { 'aws:SecureTransport': 'true' } }, { 'aws:SecureTransport': true }));
  assert.ok(!holds({ Bool: { 'lambda:InvokedViaFunctionUrl': 'true' } }, {}));
  assert.ok(holds({ BinaryEquals: { 'a:b': 'QmluYXJ5VmFsdWVJbkJhc2U2NA==' } }, { 'a:b': 'QmluYXJ5VmFsdWVJbkJhc2U2NA==' }));
  assert.ok(holds({ IpAddress: { 'aws:SourceIp': '203.0.113.0/24' } }, { 'aws:SourceIp': '203.0.113.7' }));
  assert.ok(!holds({ IpAddress: { 'aws:SourceIp': '203.0.113.0/24' } }, { 'aws:SourceIp': '203.0.114.7' }));
  assert.ok(holds({ NotIpAddress: { 'aws:SourceIp': ['192.0.2.0/24', '203.0.113.0/24'] } }, { 'aws:SourceIp': '198.51.100.1' }));
  assert.ok(holds({ ArnEquals: { 'aws:SourceArn': 'arn:aws:sns:us-east-1:*:topic-*' } }, { 'aws:SourceArn': 'arn:aws:sns:us-east-1:1:topic-1' }));
  assert.ok(!holds({ ArnLike: { 'aws:SourceArn': 'arn:aws:sns:*:topic:x' } }, { 'aws:SourceArn': 'arn:aws:sns:us-east-1:1:topic:x' }));
  assert.ok(holds({ Null: { 'aws:TokenIssueTime': 'true' } }, {}) && holds({ Null: { 'aws:TokenIssueTime': 'false' } }, { 'aws:TokenIssueTime': '1' }));
});

test('set operators (reference_policies_condition-single-vs-multi-valued-context-keys)', () => {
  const all = { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['environment', 'webserver'] } };
  assert.ok(holds(all, { 'aws:TagKeys': ['environment'] }) && !holds(all, { 'aws:TagKeys': ['environment', 'cost-center'] }) && holds(all, {}));
  const any = { 'ForAnyValue:StringEquals': { 'aws:TagKeys': ['environment', 'webserver'] } };
  assert.ok(holds(any, { 'aws:TagKeys': ['environment', 'cost-center'] }) && !holds(any, { 'aws:TagKeys': ['cost-center'] }) && !holds(any, {}));
  const like = { 'ForAllValues:StringLike': { 'ses:Recipients': ['*@example.com'] } };
  assert.ok(holds(like, { 'ses:Recipients': ['a@example.com', 'b@example.com'] }) && !holds(like, { 'ses:Recipients': ['a@example.com', 'b@example.org'] }));
});

test('policy variables, with defaults, and the characters * ? $ (reference_policies_variables)', () => {
  const home = policy(allow({ Action: 's3:GetObject', Resource: 'arn:aws:s3:::amzn-s3-demo-bucket/${aws:PrincipalTag/team}/*' }));
  assert.equal(decide(home, 's3:GetObject', 'arn:aws:s3:::amzn-s3-demo-bucket/red/a', { 'aws:PrincipalTag/team': 'red' }), 'allow');
  assert.equal(decide(home, 's3:GetObject', 'arn:aws:s3:::amzn-s3-demo-bucket/red/a', { 'aws:PrincipalTag/team': 'blue' }), 'implicit deny');
  // Without a value the element matches nothing; a value that is a wildcard is none.
  assert.equal(decide(home, 's3:GetObject', 'arn:aws:s3:::amzn-s3-demo-bucket/red/a'), 'implicit deny');
  assert.equal(decide(home, 's3:GetObject', 'arn:aws:s3:::amzn-s3-demo-bucket/red/a', { 'aws:PrincipalTag/team': '*' }), 'implicit deny');
  const fallback = policy(allow({ Resource: "arn:aws:s3:::b/${aws:PrincipalTag/team, 'company-wide'}/*" }));
  assert.equal(decide(fallback, 's3:GetObject', 'arn:aws:s3:::b/company-wide/a'), 'allow');
  assert.ok(holds({ StringLike: { 'a:b': 'x${*}y' } }, { 'a:b': 'x*y' }) && !holds({ StringLike: { 'a:b': 'x${*}y' } }, { 'a:b': 'xzy' }));
  // The version before 2012-10-17 has none.
  assert.equal(decide({ ...fallback, Version: '2008-10-17' }, 's3:GetObject', 'arn:aws:s3:::b/company-wide/a'), 'implicit deny');
});

test('what is not known in a policy is an error', () => {
  const refused = (statement, expected) => assert.throws(() => decide(policy(statement), 'a:B', '*'), expected);
  refused(allow({ Condition: { StringEqual: { 'a:b': 'x' } } }), /StringEqual is no condition operator/);
  refused(allow({ Principal: '*' }), /has no Principal/);
  refused(allow({ Efect: 'Allow' }), /has no Efect/);
  refused(allow({ Effect: 'allow' }), /Effect is Allow or Deny/);
  refused(allow({ Resource: 'my-bucket' }), /my-bucket is no ARN/);
  refused(allow({ Action: 'GetObject' }), /GetObject is no action/);
  refused({ Effect: 'Allow', Action: 'a:B' }, /either Resource or NotResource/);
  assert.throws(() => decide({ Version: '2013-01-01', Statement: [] }, 'a:B', '*'), /no version/);
  assert.throws(() => decide(policy(allow({ Sid: 'One' }), allow({ Sid: 'One' })), 'a:B', '*'), /two statements are called One/);
});

test('matching of wildcards takes no exponential time, and agrees with an independent one', () => {
  assert.ok(!matchesText('*a'.repeat(40), `${'a'.repeat(39)}${'b'.repeat(5000)}`));
  // By a table: reach[i][j], whether the pattern's first i characters match the text's first j.
  const slow = (pattern, text) => {
    let row = [true, ...Array(text.length).fill(false)];
    for (const letter of pattern) {
      const next = [letter === '*' && row[0]];
      for (let j = 1; j <= text.length; j += 1) next.push(letter === '*' ? row[j] || next[j - 1] : row[j - 1] && (letter === '?' || letter === text[j - 1]));
      row = next;
    }
    return row[text.length];
  };
  let state = 1;
  const random = (n) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 16) % n;
  };
  const word = (letters, most) => Array.from({ length: random(most + 1) }, () => letters[random(letters.length)]).join('');
  let matched = 0;
  for (let i = 0; i < 20000; i += 1) {
    const pattern = word('ab*?', 7);
    const text = word('ab', 7);
    assert.equal(matchesText(pattern, text), slow(pattern, text), `${pattern} ${text}`);
    matched += slow(pattern, text);
  }
  assert.ok(matched > 1000);
});

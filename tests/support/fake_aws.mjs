#!/usr/bin/env node
// The AWS CLI as far as infra/deploy uses it, on a state; as a program on that in the file $FAKE_AWS:
//
//   {version, aliases: {"function:alias": {version, moving}}, versions: {"function:N": state}, alarms: {name: state},
//    invokes: {"function:N": {FunctionError, payload}}, deployments: {group: [status or {status, error, rollback}]}}
//
// A deployment's statuses are taken one at each look; the alias has the new version once Succeeded is reached. Every
// call is added to `calls`. Arguments that the real CLI does not know end with status 252, as there.
import { createHash } from 'node:crypto';
import { readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

class End extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}
const refuse = (code, operation, message) => { throw new End(254, `\nAn error occurred (${code}) when calling the ${operation} operation: ${message}\n`); };

const KNOWN = {
  'lambda get-alias': ['--function-name', '--name', '--output'],
  'lambda get-function-configuration': ['--function-name', '--qualifier', '--output'],
  'lambda invoke': ['--function-name', '--qualifier', '--payload', '--cli-read-timeout', '--output'],
  'cloudwatch describe-alarms': ['--alarm-names', '--output'],
  'deploy create-deployment': ['--application-name', '--deployment-group-name', '--revision', '--description', '--output'],
  'deploy get-deployment': ['--deployment-id', '--output'],
};

// {options: {name: value}, free: [argument]}; --alarm-names takes a list.
function parse(command, args) {
  const options = {};
  const free = [];
  for (let i = 2; i < args.length; i++) {
    if (!args[i].startsWith('--')) free.push(args[i]);
    else if (!KNOWN[command].includes(args[i])) throw new End(252, `Unknown options: ${args[i]}\n`);
    else if (args[i] === '--alarm-names') {
      options['--alarm-names'] = [];
      while (args[i + 1] !== undefined && !args[i + 1].startsWith('--')) options['--alarm-names'].push(args[++i]);
    } else options[args[i]] = args[++i];
  }
  return { options, free };
}

const HANDLERS = {
  'lambda get-alias'(state, given, free) {
    const alias = state.aliases[`${given['--function-name']}:${given['--name']}`];
    if (!alias) refuse('ResourceNotFoundException', 'GetAlias', 'Cannot find alias');
    const routing = alias.moving ? { RoutingConfig: { AdditionalVersionWeights: { 99: 0.1 } } } : {};
    return { Name: given['--name'], FunctionVersion: alias.version, ...routing };
  },
  'lambda get-function-configuration'(state, given, free) {
    const found = state.versions[`${given['--function-name']}:${given['--qualifier']}`];
    if (!found) refuse('ResourceNotFoundException', 'GetFunctionConfiguration', 'Function not found');
    return { Version: given['--qualifier'], State: found };
  },
  'lambda invoke'(state, given, free) {
    const event = JSON.parse(readFileSync(given['--payload'].replace('fileb://', ''), 'utf8'));
    (state.events ??= []).push({ function: given['--function-name'], version: given['--qualifier'], event });
    const { payload, ...reply } = state.invokes[`${given['--function-name']}:${given['--qualifier']}`] ?? { payload: { migrations: [{ name: '0001', result: 'applied' }] } };
    writeFileSync(free[0], JSON.stringify(payload));
    return { StatusCode: 200, ...reply };
  },
  'cloudwatch describe-alarms'(state, given, free) {
    return { MetricAlarms: given['--alarm-names'].filter((name) => state.alarms[name]).map((name) => ({ AlarmName: name, StateValue: state.alarms[name] })) };
  },
  'deploy create-deployment'(state, given, free) {
    const group = given['--deployment-group-name'];
    const { appSpecContent: { content, sha256 } } = JSON.parse(given['--revision']);
    if (createHash('sha256').update(content).digest('hex') !== sha256) refuse('InvalidRevisionException', 'CreateDeployment', 'sha256');
    if (!state.deployments[group]) refuse('DeploymentGroupDoesNotExistException', 'CreateDeployment', `No group ${group}`);
    const id = `d-${group}`;
    (state.started ??= {})[id] = { group, properties: Object.values(JSON.parse(content).Resources[0])[0].Properties, hooks: JSON.parse(content).Hooks ?? null };
    return { deploymentId: id };
  },
  'deploy get-deployment'(state, given, free) {
    const { group, properties } = state.started[given['--deployment-id']];
    const list = state.deployments[group];
    const step = list.length > 1 ? list.shift() : list[0];
    const { status, error, rollback } = typeof step === 'string' ? { status: step } : step;
    if (status === 'Succeeded') state.aliases[`${properties.Name}:${properties.Alias}`].version = properties.TargetVersion;
    return { deploymentInfo: { status, ...(error ? { errorInformation: error } : {}), ...(rollback ? { rollbackInfo: { rollbackDeploymentId: rollback } } : {}) } };
  },
};
// {status, text} of a call.
export function fakeAws(state, args) {
  (state.calls ??= []).push(args);
  if (args[0] === '--version') return { status: 0, text: `${state.version ?? 'aws-cli/2.9.19 Python/3.11.2'}\n` };
  const command = args.slice(0, 2).join(' ');
  try {
    if (!KNOWN[command]) throw new End(252, `Invalid choice: ${command}\n`);
    const { options, free } = parse(command, args);
    if (state.broken === command) throw new End(255, 'Unable to locate credentials\n');
    return { status: 0, text: JSON.stringify(HANDLERS[command](state, options, free)) };
  } catch (error) {
    if (!(error instanceof End)) throw error;
    return { status: error.status, text: error.message };
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(realpathSync(process.argv[1])).href) {
  const file = process.env.FAKE_AWS;
  const state = JSON.parse(readFileSync(file, 'utf8'));
  const { status, text } = fakeAws(state, process.argv.slice(2));
  writeFileSync(file, JSON.stringify(state));
  (status === 0 ? process.stdout : process.stderr).write(text);
  process.exitCode = status;
}

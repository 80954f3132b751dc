// Loaded before a test (node --import): the functions of every local cloud get the rights that Terraform gives their
// roles, so that a test fails where a right is missing. RIGHTS_PLAN: a rendered plan; default: that of dev. Without
// such a file nothing is denied.
import { existsSync, readFileSync } from 'node:fs';
import { Calls } from '../../lambda/local/calls.mjs';
import { evaluate } from './iam.mjs';
import { Plan, renderedPath } from './plan.mjs';
import { isComparable, translate } from './translate.mjs';

// Whether the role of the plan's function allows a call. What the plan does not have (another program, a setting
// that it does not set) is allowed.
export function authorizer(plan) {
  const known = new Map();
  const decide = (call) => {
    const kind = `${call.function}${call.twin ? ' twin' : ''}`;
    return plan.functions.filter((one) => one.kind === kind && isComparable(call, one)).every((one) => {
      const policies = one.policies.map(({ policy }) => policy).filter(Boolean);
      return translate(plan, call, one).every((alternatives) => alternatives.some((request) => evaluate(policies, request).decision === 'allow'));
    });
  };
  return (call) => {
    const { 'ses:Recipients': _, ...context } = call.context;
    const key = JSON.stringify([call.function, call.twin, call.action, call.resource, call.from, call.settings, context]);
    if (!known.has(key)) known.set(key, decide(call));
    return known.get(key);
  };
}

const path = process.env.RIGHTS_PLAN || renderedPath('dev');
if (existsSync(path)) Calls.authorize = authorizer(new Plan(JSON.parse(readFileSync(path, 'utf8')), path));

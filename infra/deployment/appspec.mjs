// The appspec of a Lambda deployment
// (docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file.html), as a revision of CodeDeploy
// (docs.aws.amazon.com/codedeploy/latest/APIReference/API_AppSpecContent.html: the appspec as text, and its SHA-256).
import { createHash } from 'node:crypto';

// key: the function's. hook: name of the function that checks the new version, or null.
export function appspec({ key, function_name, alias }, current, target, hook) {
  const spec = {
    version: 0.0,
    Resources: [{
      [key]: {
        Type: 'AWS::Lambda::Function',
        Properties: { Name: function_name, Alias: alias, CurrentVersion: current, TargetVersion: target },
      },
    }],
  };
  if (hook !== null) spec.Hooks = [{ BeforeAllowTraffic: hook }];
  return spec;
}

export function revision(spec) {
  const content = JSON.stringify(spec);
  return { revisionType: 'AppSpecContent', appSpecContent: { content, sha256: createHash('sha256').update(content).digest('hex') } };
}

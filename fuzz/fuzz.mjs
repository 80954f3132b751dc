// fuzz.mjs [--json] [--seconds N] [--build FOLDER] [--work FOLDER] NAME...: runs libFuzzer targets for N seconds in
// all (default 600), as many at once as there are CPUs, each for the same time. The corpus is kept in WORK/corpus/NAME
// (default build/fuzz), crashers in WORK/crashes/NAME. A target that crashes goes on with what is left of its time,
// at most 20 times. Ends with a table, or with one JSON document (--json); exit status 1 if anything crashed.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { cpus } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

const MAX_RESTARTS = 20;
const PROGRESS_SECONDS = 30;

const { values: options, positionals: names } = parseArgs({
    allowPositionals: true,
    options: {
        json: { type: 'boolean', default: false },
        seconds: { type: 'string', default: '600' },
        build: { type: 'string', default: 'build/fuzz' },
        work: { type: 'string', default: 'build/fuzz' },
        help: { type: 'boolean', default: false },
    },
});
const totalSeconds = Number(options.seconds);
if (options.help || names.length === 0 || !(totalSeconds > 0)) {
    console.error('usage: node fuzz/fuzz.mjs [--json] [--seconds N] [--build FOLDER] [--work FOLDER] NAME...');
    process.exit(options.help ? 0 : 2);
}
const jobs = Math.min(cpus().length, names.length);
const secondsEach = Math.max(1, Math.floor((totalSeconds * jobs) / names.length));

function count(folder) {
    return existsSync(folder) ? readdirSync(folder).length : 0;
}

// The parts of libFuzzer's output that are kept: its last counts, and the lines of a report.
function readLine(state, line) {
    const progress = /^#(\d+)\s.*?\bcov: (\d+)(?: ft: (\d+))?/.exec(line);
    if (progress) {
        state.run = Number(progress[1]);
        state.edges = Math.max(state.edges, Number(progress[2]));
    }
    const final = /^stat::number_of_executed_units:\s*(\d+)/.exec(line);
    if (final) state.run = Number(final[1]);
    if (/^(==\d+==\s*ERROR|SUMMARY:|.*FUZZ_CHECK\(|.*runtime error:)/.test(line)) state.report.push(line);
}

// One run of the program. Resolves to its exit status, or null if a signal ended it.
function runOnce(name, seconds, folders, state) {
    const dictionary = `fuzz/dictionaries/${name}.dict`;
    const settings = `fuzz/${name}_fuzzer.options`;
    const args = [
        `-max_total_time=${seconds}`, '-rss_limit_mb=2048', '-timeout=25', '-print_final_stats=1', '-use_value_profile=0',
        `-artifact_prefix=${folders.crashes}/`,
        ...(existsSync(dictionary) ? [`-dict=${dictionary}`] : []),
        ...(existsSync(settings) ? optionsOf(settings) : []),
        folders.corpus, folders.seeds,
    ];
    return new Promise((resolve, reject) => {
        const child = spawn(path.join(options.build, 'fuzz', `${name}_fuzzer`), args, { stdio: ['ignore', 'ignore', 'pipe'] });
        let rest = '';
        child.stderr.setEncoding('utf8');
        child.stderr.on('data', (text) => {
            const lines = (rest + text).split('\n');
            rest = lines.pop();
            for (const line of lines) readLine(state, line);
        });
        child.on('error', reject);
        child.on('close', resolve);
    });
}

function optionsOf(file) {
    const parsed = spawnSync('sed', ['-n', '/^\\[libfuzzer\\]/,/^\\[[^l]/{/^dict/d;s/^\\([a-z_]*\\) *= *\\(.*\\)$/-\\1=\\2/p;}', file],
        { encoding: 'utf8' });
    return parsed.stdout.split('\n').filter(Boolean);
}

async function runTarget(name) {
    const folders = {
        corpus: path.join(options.work, 'corpus', name),
        crashes: path.join(options.work, 'crashes', name),
        seeds: path.join(options.work, 'seeds', name),
    };
    mkdirSync(folders.corpus, { recursive: true });
    mkdirSync(folders.crashes, { recursive: true });
    const made = spawnSync('sh', ['fuzz/seeds.sh', options.build, name, folders.seeds], { encoding: 'utf8' });
    if (made.status !== 0) throw new Error(`${name}: ${made.stderr}`);
    const corpusBefore = count(folders.corpus);
    const crashesBefore = new Set(readdirSync(folders.crashes));
    const state = { name, run: 0, edges: 0, report: [] };
    running.add(state);
    const begin = Date.now();
    let executions = 0;
    let failures = 0;
    for (let attempt = 0; attempt <= MAX_RESTARTS; attempt++) {
        const left = Math.ceil(secondsEach - (Date.now() - begin) / 1000);
        if (left <= 0) break;
        state.run = 0;
        const status = await runOnce(name, left, folders, state);
        executions += state.run;
        if (status === 0) break;
        failures++;
    }
    running.delete(state);
    const seconds = (Date.now() - begin) / 1000;
    const crashers = readdirSync(folders.crashes).filter((file) => !crashesBefore.has(file))
        .map((file) => path.join(folders.crashes, file));
    const result = {
        name, seconds, executions, executionsPerSecond: Math.round(executions / seconds), edges: state.edges,
        corpus: count(folders.corpus), newCorpus: count(folders.corpus) - corpusBefore, failures,
        crashers: crashers.map((file) => ({ file, command: `${options.build}/fuzz/${name}_fuzzer ${file}` })),
        report: [...new Set(state.report)].slice(0, 20),
    };
    console.error(`${name}: ${executions} executions, ${state.edges} edges, ${failures} failures`);
    return result;
}

function printTable(results) {
    console.log('target                 executions   per second    edges   corpus      new  crashers');
    for (const r of results) {
        console.log(r.name.padEnd(20) + String(r.executions).padStart(13) + String(r.executionsPerSecond).padStart(13) +
            String(r.edges).padStart(9) + String(r.corpus).padStart(9) + String(r.newCorpus).padStart(9) +
            String(r.crashers.length).padStart(10));
    }
    for (const r of results) {
        if (r.failures === 0) continue;
        console.log(`\n${r.name}: ended by a fault ${r.failures} times`);
        for (const line of r.report) console.log(`  ${line}`);
        for (const crasher of r.crashers) console.log(`  reproduce: ${crasher.command}`);
    }
}

const running = new Set();
const progress = setInterval(() => {
    for (const s of running) console.error(`  ${s.name}: ${s.run} executions, ${s.edges} edges`);
}, PROGRESS_SECONDS * 1000);
const results = [];
const queue = [...names];
try {
    await Promise.all(Array.from({ length: jobs }, async () => {
        while (queue.length) results.push(await runTarget(queue.shift()));
    }));
} finally {
    clearInterval(progress);
}
results.sort((a, b) => names.indexOf(a.name) - names.indexOf(b.name));
const isFailed = results.some((r) => r.failures > 0 || r.executions === 0);
if (options.json) console.log(JSON.stringify({ seconds: totalSeconds, secondsEach, jobs, targets: results }, null, 2));
else printTable(results);
process.exitCode = isFailed ? 1 : 0;

// sharp and @napi-rs/image: photographs to four files, and sharp's resize from raw to raw.
// Implements the line protocol of bench/runner.h.
import { createRequire } from 'node:module';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

const usage = `usage: run_npm.mjs --modules FOLDER --input FILE --peer NAME [--format jpeg|png]
                   [--optimize 0|1] [--width W --height H]
Peers: sharp-x4       four times sharp(buffer).resize(), as normally written
       sharp-cascade  decoded once to the largest, the others from it through raw pixels
       sharp-resize   raw pixels (a PAM file) to raw pixels
       napi-x4        four times @napi-rs/image's Transformer
Then, on standard input: \`run\` (timed once) or \`save FOLDER\`, a line each.
`;
const args = process.argv.slice(2);
if (args.includes('--help')) {
  process.stdout.write(usage);
  process.exit(0);
}
const option = (name, otherwise) => {
  const at = args.indexOf('--' + name);
  return at >= 0 && at + 1 < args.length ? args[at + 1] : otherwise;
};
if (!option('peer') || !option('input')) {
  process.stderr.write(usage);
  process.exit(2);
}
const boxes = [1200, 800, 400, 200];
const format = option('format', 'jpeg');
const isPng = format === 'png';
const optimize = option('optimize', '1') === '1';
const require = createRequire(resolve(option('modules', '.'), 'package.json'));
const load = (name) => {
  try {
    return require(name);
  } catch (error) {
    console.log(`missing\t${name} is not installed or does not run here`);
    process.exit(1);
  }
};

const readPam = (path) => {
  const file = readFileSync(path);
  const end = file.indexOf('ENDHDR\n') + 7;
  const head = file.subarray(0, end).toString('latin1');
  const number = (name) => Number(new RegExp(`${name} (\\d+)`).exec(head)[1]);
  return {
    data: file.subarray(end),
    raw: { width: number('WIDTH'), height: number('HEIGHT'), channels: number('DEPTH') },
  };
};
const writePam = (path, data, info) => {
  const kinds = ['GRAYSCALE', 'GRAYSCALE_ALPHA', 'RGB', 'RGB_ALPHA'];
  const head = `P7\nWIDTH ${info.width}\nHEIGHT ${info.height}\nDEPTH ${info.channels}\n` +
    `MAXVAL 255\nTUPLTYPE ${kinds[info.channels - 1]}\nENDHDR\n`;
  writeFileSync(path, Buffer.concat([Buffer.from(head), data]));
};

const peers = {
  'sharp-x4': () => {
    const sharp = openSharp();
    const input = readFileSync(option('input'));
    const resized = (box) => sharp(input).rotate()
      .resize(box, box, { fit: 'inside', withoutEnlargement: true });
    return {
      about: aboutSharp(sharp),
      run: async () => {
        const made = [];
        for (const box of boxes) made.push(await encode(resized(box)).toBuffer());
        return made;
      },
      pictures: async () => {
        const made = [];
        for (const box of boxes) {
          made.push(await resized(box).raw().toBuffer({ resolveWithObject: true }));
        }
        return made;
      },
    };
  },
  'sharp-cascade': () => {
    const sharp = openSharp();
    const input = readFileSync(option('input'));
    const pictures = async () => {
      const fit = { fit: 'inside', withoutEnlargement: true };
      const made = [];
      for (const box of boxes) {
        const last = made[made.length - 1];
        const from = last ? sharp(last.data, { raw: last.info }) : sharp(input).rotate();
        made.push(await from.resize(box, box, fit).raw().toBuffer({ resolveWithObject: true }));
      }
      return made;
    };
    return {
      about: aboutSharp(sharp),
      pictures,
      run: async () => {
        const made = [];
        for (const { data, info } of await pictures()) {
          made.push(await encode(sharp(data, { raw: info })).toBuffer());
        }
        return made;
      },
    };
  },
  'sharp-resize': () => {
    const sharp = openSharp();
    const { data, raw } = readPam(option('input'));
    const size = { width: Number(option('width')), height: Number(option('height')) };
    const resize = () => {
      const resized = sharp(data, { raw }).resize({ ...size, fit: 'fill' });
      return (raw.channels === 1 ? resized.toColourspace('b-w') : resized).raw()
        .toBuffer({ resolveWithObject: true });
    };
    return {
      about: aboutSharp(sharp),
      run: async () => [(await resize()).data],
      pictures: async () => [await resize()],
    };
  },
  'napi-x4': () => {
    const { Transformer, ResizeFilterType, ResizeFit } = load('@napi-rs/image');
    const version = require('@napi-rs/image/package.json').version;
    const input = readFileSync(option('input'));
    const resized = (box) => new Transformer(input).rotate().resize({
      width: box, height: box, filter: ResizeFilterType.Lanczos3, fit: ResizeFit.Inside,
    });
    return {
      about: `@napi-rs/image ${version}, ${isPng ? 'PNG' : 'JPEG by its own encoder'}`,
      run: async () => boxes.map((box) => (isPng ? resized(box).pngSync() : resized(box).jpegSync(80))),
      pictures: async () => [],
    };
  },
};

function openSharp() {
  const sharp = load('sharp');
  sharp.concurrency(1);
  sharp.cache(false);
  return sharp;
}
function aboutSharp(sharp) {
  const tables = isPng ? 'PNG as by default' : `Huffman tables ${optimize ? 'optimised' : 'as given'}`;
  return `sharp ${sharp.versions.sharp} (libvips ${sharp.versions.vips}), ${tables}`;
}
function encode(pipeline) {
  return isPng
    ? pipeline.png()
    : pipeline.jpeg({ quality: 80, chromaSubsampling: '4:2:0', optimiseCoding: optimize });
}

if (!(option('peer') in peers)) {
  process.stderr.write(usage);
  process.exit(2);
}
let peer;
try {
  peer = peers[option('peer')]();
} catch (error) {
  console.log(`missing\t${String(error.message).split('\n')[0]}`);
  process.exit(1);
}
console.log(`ready\t${peer.about}`);
for await (const line of createInterface({ input: process.stdin })) {
  try {
    if (line === 'run') {
      const cpuStart = process.cpuUsage();
      const start = process.hrtime.bigint();
      const made = await peer.run();
      const took = process.hrtime.bigint() - start;
      const cpu = process.cpuUsage(cpuStart);
      const bytes = made.reduce((sum, file) => sum + file.length, 0);
      console.log(`done\t${took}\t${bytes}\t${(cpu.user + cpu.system) * 1000}`);
    } else if (line.startsWith('save ')) {
      const folder = line.slice(5);
      (await peer.pictures()).forEach(({ data, info }, i) => {
        writePam(join(folder, `${i}.pam`), data, info);
      });
      if (option('peer') !== 'sharp-resize') {
        (await peer.run()).forEach((bytes, i) => {
          writeFileSync(join(folder, `${i}.${isPng ? 'png' : 'jpg'}`), bytes);
        });
      }
      console.log('saved');
    } else {
      console.log('failed\tneither run nor save');
    }
  } catch (error) {
    console.log(`failed\t${String(error.message).split('\n')[0]}`);
  }
}

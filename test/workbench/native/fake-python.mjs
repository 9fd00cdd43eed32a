// python3 with a pip, as far as an installation asks: `-m pip --version`, and `download` of one pinned project by the
// person's pip or by the fetched one. Answers come from FOLDER/answers.json, wheels from FOLDER/store; who was asked
// for is noted.
import { appendFileSync, copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const [folder, ...args] = process.argv.slice(2)
const answers = JSON.parse(readFileSync(join(folder, 'answers.json'), 'utf8'))

function end(message, code = 1) {
  process.stderr.write(`${message}\n`)
  process.exit(code)
}

if (args[0] === '-m' && answers.pip === 'none') end('/usr/bin/python3: No module named pip')
if (args.includes('--version')) {
  console.log('pip 23.0.1 from /usr/lib/python3/dist-packages/pip (python 3.11)')
  process.exit(0)
}
if (args[0] !== '-m' && !existsSync(args[0].replace(/\/pip$/, ''))) end(`can't open file '${args[0]}'`, 2)

const after = (name) => args[args.indexOf(name) + 1]
const [, project] = /^([\w-]+)==/.exec(readFileSync(after('-r'), 'utf8'))
appendFileSync(join(folder, 'asked'), `${project}\n`)
const file = readdirSync(join(folder, 'store')).find((name) => name.startsWith(`${project.replace('-', '_')}-`))
const target = join(after('-d'), file)
const { length } = readFileSync(join(folder, 'store', file))

switch (answers[project]) {
  case 'unknown':
    end(`ERROR: No matching distribution found for ${project}`)
    break
  case 'refuses-hash':
    end('ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. If you have updated ...')
    break
  case 'other-bytes':
    writeFileSync(target, Buffer.alloc(length, 7))
    break
  case 'hangs':
    writeFileSync(join(process.env.TMPDIR, 'half'), 'half a wheel')
    writeFileSync(join(folder, 'pid'), String(process.pid))
    setInterval(() => console.log(`Progress ${Math.floor(length / 2)} of ${length}`), 50)
    break
  default:
    console.log(`Progress ${length} of ${length}`)
    copyFileSync(join(folder, 'store', file), target)
}

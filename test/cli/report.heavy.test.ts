// basil report, and the logs it packs, over whole processes: a run whose names, labels and files carry markers leaves
// none of them in any log; nothing said is lost to kill -9; and nothing is written that was not shown and agreed to.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { unzipSync } from 'fflate'
import { expect, onTestFinished, test } from 'vitest'

import { started } from '../bundles.ts'
import { temporaryFolder, toyFile } from '../workbench/toy.ts'
import { basil, oneThread, withToy } from './terminal.ts'

const logsOf = (home: string): string =>
  readdirSync(join(home, 'logs'))
    .filter((name) => name.endsWith('.log'))
    .map((name) => readFileSync(join(home, 'logs', name), 'utf8'))
    .join('')
const entriesOf = (file: string): Record<string, string> =>
  Object.fromEntries(
    Object.entries(unzipSync(new Uint8Array(readFileSync(file)))).map(([name, bytes]) => [
      name.replace('basil-report/', ''),
      Buffer.from(bytes).toString(),
    ]),
  )

/** Names and labels that nobody else uses. */
const marked = {
  ...toyFile,
  name: 'Quokkarun',
  tasks: toyFile.tasks.map((task, i) => ({ ...task, name: `Quokkatask${i}` })),
}

test('a whole run, one that crashes and one that is refused leave no name, label or content in any log', async () => {
  const home = temporaryFolder()
  const config = join(home, 'run.json')
  writeFileSync(config, JSON.stringify(marked))
  expect((await basil(['run', config], { home, env: withToy() })).code).toBe(0)
  await basil(['run', config], { home, env: withToy({ fault: { stage: 0, epoch: 1, how: 'throw' } }) })
  writeFileSync(config, JSON.stringify({ ...marked, method: 'Quokkamethod' }))
  await basil(['run', config], { home, env: withToy() })
  writeFileSync(config, '{"name": "Quokkabroken')
  await basil(['run', config], { home, env: withToy() })
  const log = logsOf(home)
  expect(log).toMatch(/job 1, run, begins[\s\S]*job 1 ended: done/)
  expect(log).toMatch(/engine process \d+ began/)
  expect(log).not.toMatch(/Quokka/i)
})

test('on the real engine: class names and prompts of a head stay out of the logs, made or refused', async () => {
  const home = temporaryFolder()
  const [classes, templates] = [join(home, 'in-a-path.txt'), join(home, 'templates.txt')]
  writeFileSync(classes, 'Quokkaclass\nQuokkaother\n')
  writeFileSync(templates, 'a Quokkaprompt of {}\n')
  const model = join(import.meta.dirname, '../golden/text/text-tower.safetensors')
  const out = join(home, 'heads.safetensors')
  const args = ['heads', 'make', '--model', model, '--classes', classes, '--templates', templates, '--out', out]
  expect((await basil([...args, '--name', 'Quokkahead'], { home, env: oneThread })).code).toBe(0)
  writeFileSync(classes, 'Quokkaclass\nQuokkaclass\n')
  await basil([...args, '--overwrite'], { home, env: oneThread })
  expect((await basil(['inspect', classes], { home, env: oneThread })).code).toBe(3)
  expect(logsOf(home)).toContain('opened wasm')
  expect(logsOf(home)).not.toMatch(/Quokka/i)
})

test('what was said is there after kill -9, whole, of several processes at once in files of their own', async () => {
  const folder = join(temporaryFolder(), 'logs')
  const source = join(import.meta.dirname, '../../src-main/files/log.ts')
  const code = `const { beginLog, say } = await import(${JSON.stringify(source)})
    beginLog(() => ${JSON.stringify(folder)}, 'engine')
    for (let n = 0; n < 500; n++) say('line ' + n)
    process.kill(process.pid, 'SIGKILL')`
  const killed = Array.from({ length: 3 }, () => spawn(process.execPath, ['--input-type=module', '-e', code]))
  await Promise.all(killed.map((child) => once(child, 'close')))
  for (const { pid, signalCode } of killed) {
    expect(signalCode).toBe('SIGKILL')
    const [name = ''] = readdirSync(folder).filter((one) => one.endsWith(`-${pid}.log`))
    const lines = readFileSync(join(folder, name), 'utf8').trimEnd().split('\n').slice(1)
    expect(lines.map((line) => line.slice(25))).toEqual(Array.from({ length: 500 }, (_, n) => `line ${n}`))
  }
  expect(readdirSync(folder)).toHaveLength(3)
})

test('a report is shown whole, and refused where nobody can be asked; with --yes it is what was shown', async () => {
  const home = temporaryFolder()
  const config = join(home, 'run.json')
  writeFileSync(config, JSON.stringify(toyFile))
  await basil(['run', config], { home, env: withToy() })
  const file = join(home, 'report.zip')
  const asked = await basil(['report', '--run', '1', '--out', file], { home, env: withToy() })
  expect(asked).toMatchObject({ code: 2, err: expect.stringContaining('then add --yes') })
  expect(existsSync(file)).toBe(false)
  const { code, out } = await basil(['report', '--run', '1', '--out', file, '--yes'], { home, env: withToy() })
  expect([code, out]).toEqual([0, expect.stringMatching(/\d+ bytes {2}run-1\.json\nWritten: /)])
  const entries = entriesOf(file)
  expect(Object.keys(entries)).toEqual(expect.arrayContaining(['versions.json', 'doctor.json', 'run-1.json']))
  expect(Object.keys(entries).filter((name) => name.startsWith('logs/terminal-')).length).toBeGreaterThan(0)
  for (const text of Object.values(entries)) expect(out).toContain(text.trimEnd())
  expect(JSON.parse(entries['versions.json'] ?? '')).toMatchObject({
    system: { platform: process.platform },
    versions: { basil: expect.any(String), sqlite: expect.any(String), node: process.versions.node },
  })
  const record = JSON.parse(entries['run-1.json'] ?? '')
  expect(record).toMatchObject({ config: { seed: 7 }, seeds: [7], engineInfo: { kind: 'wasm' }, state: 'done' })
  expect(record.log.length).toBeGreaterThan(3)
  const again = await basil(['report', '--out', file, '--yes'], { home, env: withToy() })
  expect(again.err).toContain('The file is already there')
})

/** What a terminal shows of basil report, whose question is answered by these keys (of a terminal of util-linux' script). */
async function answered(home: string, file: string, keys: string): Promise<{ shown: string; code: number | null }> {
  const cli = started('src-main/cli.ts')
  const command = [process.execPath, cli, 'report', '--out', file].map((word) => `'${word}'`).join(' ')
  const env = { ...process.env, BASIL_HOME: home, ...withToy() }
  const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], { env })
  onTestFinished(() => void child.kill('SIGKILL'))
  let shown = ''
  child.stdout.on('data', (text) => {
    const isAsked = shown.includes('[y/N]')
    shown += text
    if (!isAsked && shown.includes('[y/N]')) child.stdin.write(keys)
  })
  const [code] = await once(child, 'close')
  return { shown, code }
}

test.runIf(spawnSync('script', ['--version']).status === 0)(
  'at a terminal the report is shown, then asked for: y writes it, and n, Enter alone, Ctrl+D and Ctrl+C do not',
  async () => {
    const home = temporaryFolder()
    const file = join(home, 'report.zip')
    const refused = await Promise.all(['n\r', '\r', '\x04', '\x03'].map((keys) => answered(home, file, keys)))
    for (const { shown, code } of refused) {
      expect(shown).toMatch(
        /versions\.json[\s\S]*Write it to .*report\.zip\? \[y\/N\] [\s\S]*Nothing was written\.\s*$/,
      )
      expect(code).toBe(0)
    }
    expect(existsSync(file)).toBe(false)
    const { shown, code } = await answered(home, file, 'y\r')
    expect([code, shown]).toEqual([0, expect.stringContaining(`Written: ${file}`)])
    expect(Object.keys(entriesOf(file))).toContain('doctor.json')
  },
)

test('a history that cannot be read, or a run that is not there, is told in the report, which is written all the same', async () => {
  const home = temporaryFolder()
  writeFileSync(join(home, 'history.sqlite'), 'no history at all')
  const file = join(home, 'report.zip')
  const { code, out } = await basil(['report', '--run', '1', '--out', file, '--yes', '--json'], {
    home,
    env: withToy(),
  })
  expect(code).toBe(0)
  expect(JSON.parse(out).entries.map(({ name }: { name: string }) => name)).toContain('doctor.json')
  expect(JSON.parse(entriesOf(file)['run-1.json'] ?? '')).toMatchObject({ missing: expect.stringContaining('history') })
})

test('a fault of ours is told with the file of the log, which has how the engine ended', async () => {
  const home = temporaryFolder()
  const config = join(home, 'run.json')
  writeFileSync(config, JSON.stringify(toyFile))
  await basil(['run', config], { home, env: { ...withToy(), TOY: '{"Quokka' } })
  expect(logsOf(home)).toMatch(/engine process \d+ ended, code 1; it printed: .*SyntaxError: /)
  expect(logsOf(home)).not.toContain('Quokka')
  const fault = join(home, 'fault.ts')
  const output = join(import.meta.dirname, '../../src-main/cli/output.ts')
  const log = join(import.meta.dirname, '../../src-main/files/log.ts')
  writeFileSync(
    fault,
    `import { fail } from ${JSON.stringify(output)}
     import { beginLog } from ${JSON.stringify(log)}
     beginLog(() => ${JSON.stringify(join(home, 'logs'))}, 'terminal')
     fail(new TypeError('x is not there'), false)`,
  )
  const { stderr, status } = spawnSync(process.execPath, [fault], { encoding: 'utf8' })
  expect(status).toBe(1)
  const [, file = ''] = /packs; the log is in the folder logs of the data folder\.\nThe log: (.*)\n/.exec(stderr) ?? []
  expect(readFileSync(file, 'utf8')).toMatch(/FAULT command: internal: .*x is not there \| at .*fault\.ts/)
})

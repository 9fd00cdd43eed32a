// A cluster that a real OpenSSH leads to: all that is done there goes over one connection; where that is cut, in the
// middle of whatever it is, nothing is lost, twice or half there; and what ssh says no to is told with cause and next
// step, without a question that nobody can answer. Slurm by it: slurm-study.heavy.
import { spawn } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

import { afterAll, beforeAll, describe, expect, onTestFailed, onTestFinished, test } from 'vitest'

import type { Probe } from '../../src-main/contract/api/clusters.ts'
import { sha256 } from '../../src-main/contract/branded.ts'
import { createPlace, type Place } from '../../src-main/workbench/clusters/place.ts'
import type { Program, ProgramFile } from '../../src-main/workbench/clusters/program.ts'
import type { Workbench } from '../../src-main/workbench/workbench.ts'
import { temporaryFolder, toyWorkbench } from '../workbench/toy.ts'
import { makeKey, programsThere, type Sshd, sshdHere, startSshd, tcsh } from './sshd.ts'
import { absoluteIn, bitsOfEither, modelsIn, thinProgram, toyClusters, toyStudy, untilOver } from './toy-cluster.ts'

const root = join(import.meta.dirname, '..', '..')
const ends = 'the connection ended before the answer was whole'

describe.skipIf(!sshdHere())('by a real ssh', () => {
  let sshd: Sshd
  beforeAll(async () => {
    sshd = await startSshd()
  })
  afterAll(() => sshd?.end())
  const tellsLogs = (): void => onTestFailed(async () => console.log(await sshd.logs()))
  const placeOf = (host: string): Place => createPlace(host, sshd.ssh)

  test('all goes over one connection, and where that is cut in the middle of something nothing is lost, twice or half there', async () => {
    const at = fixture()
    const { files, ...program } = threeFiles(thinProgram({}, cutsOfAnswers(at.base)))
    const boundary = 512 + 512 + 512 + Math.ceil((files[1]?.bytes ?? 0) / 512) * 512
    const path = await programsThere(join(at.base, 'bin'), {
      tar: `echo "$*" >>'${at.base}/tars'
case $* in *incoming/${program.sha256.slice(0, 16)}*) of=program bytes=${boundary} ;; *) of=content bytes=520 ;; esac
mkdir '${at.base}'/cut-$of 2>/dev/null && { head -c $bytes; cut; } | /bin/tar "$@" && exit
exec /bin/tar "$@"`,
      cut: 'cut',
    })
    const own = await startSshd([path])
    onTestFinished(() => own.end())
    onTestFailed(async () => console.log(await own.logs()))
    const place = () => createPlace(own.host, own.ssh)
    const there = await toyClusters({ ...at, place, program: { ...program, files }, pause: 500 })
    expect(await probed(there)).toMatchObject({ wrong: [{ code: 'not-allowed', why: ends }] })
    expect(await probed(there)).toMatchObject({ wrong: [], notes: [] })
    const study = await there.studies.start(toyStudy([1]), at.absolute, 'toys')
    let over = await untilOver(there, study)
    let pauses = 0
    for (; over.state === 'paused' && over.error?.why === ends; pauses++) {
      await there.studies.resume(study)
      over = await untilOver(there, study)
    }
    expect(over).toMatchObject({ state: 'done', planned: 2, done: 2, error: null })
    expect(pauses).toBe(3) // while a content, the claim and the tasks were put there
    expect(
      ['program', 'content', 'claim', 'prepare', 'look'].filter((of) => !existsSync(`${at.base}/cut-${of}`)),
    ).toEqual([])
    expect(there.runs.list({ limit: 10 }).total).toBe(2)
    expect(over.runs.map(({ run }) => bitsOfEither(there, run))).toEqual(await bitsHere(at))
    const packs = join(at.folder, 'packs', program.sha256.slice(0, 16))
    expect(readdirSync(packs, { recursive: true }).sort()).toEqual(
      ['app', 'app/one', 'basil-remote', 'bin', 'bin/node'].concat(existsSync(join(packs, 'home')) ? ['home'] : []),
    )
    expect(readFileSync(join(at.base, 'tars'), 'utf8').trim().split('\n')).toHaveLength(2 + 2)
    expect((await own.logs()).match(/^Accepted publickey /gm)).toHaveLength(1 + 5) // and one after each cut
  })

  test('a key that is not taken, an unknown host, one that changed its key and one that is away say what to do', async () => {
    tellsLogs()
    const folder = temporaryFolder()
    await makeKey(join(folder, 'other'))
    let host = ''
    const place: Place = { host: null, run: (...given) => placeOf(host).run(...given) }
    const there = await toyClusters({ ...fixture(), place: () => place })
    const saidOf = async (name: string): Promise<string[]> => {
      host = name
      const { wrong } = await probed(there)
      expect(wrong).toMatchObject([{ code: 'not-allowed', where: host, inWindow: expect.not.stringMatching(/"ssh/) }])
      return wrong.flatMap(({ why, next }) => [why, next])
    }
    expect(await saidOf(await sshd.alias({ key: join(folder, 'other') }))).toEqual([
      expect.stringContaining('does not let you in without a question: '),
      expect.stringContaining('have your key put into authorized_keys there'),
    ])
    const unknown = await sshd.alias({ known: join(folder, 'known') })
    expect(await saidOf(unknown)).toEqual([
      expect.stringContaining('does not know its key yet'),
      `log in once by "ssh ${unknown}", look at the key that it shows, and try again`,
    ])
    expect(existsSync(join(folder, 'known'))).toBe(false)
    await expect.poll(sshd.connections).toEqual([])
    await sshd.stop()
    expect(await saidOf(sshd.host)).toEqual([
      expect.stringContaining('Connection refused'),
      expect.stringContaining(`"ssh -o BatchMode=yes ${sshd.host} true"`),
    ])
    await sshd.newHostKey()
    await sshd.start()
    expect(await saidOf(sshd.host)).toEqual([
      expect.stringMatching(/shows another key than the one that ssh knows it by \(.*known_hosts:1\)/),
      expect.stringMatching(/ask whoever looks after the host .* have the line of the old key taken out of that file/),
    ])
    await sshd.know()
  })

  test('begun from a terminal, neither the host nor one on the way to it asks a question there', async () => {
    tellsLogs()
    const way = await sshd.alias({ known: join(temporaryFolder(), 'known') })
    const hosts = [way, await sshd.alias({ more: [`ProxyJump ${way}`] })]
    const file = join(root, 'src-main', 'workbench', 'clusters', 'place.ts')
    const code = `const { createPlace } = await import('${file}')
for (const host of ${JSON.stringify(hosts)})
  await createPlace(host, '${sshd.ssh}').run('true').catch(({ record }) => console.log('>' + record.where + ':' + record.why))`
    const command = `'${process.execPath}' --input-type=module -e "$CODE"`
    const child = spawn('script', ['-qefc', command, '/dev/null'], {
      stdio: ['pipe', 'pipe', 'inherit'], // its end would end a question
      env: { ...process.env, CODE: code, SHELL: '/bin/sh' },
    })
    const said = await text(child.stdout)
    child.stdin.end()
    expect(said.match(/^>.*(?=\r$)/gm)).toEqual([
      `>${hosts[0]}:ssh does not know its key yet`,
      `>${hosts[1]}:a host on the way to it, or the command that leads there, ended the connection`,
    ])
    expect(said).not.toContain('(yes/no')
  })

  test('where the log-in shell is csh and greets, a script of lines and signs is run as it is', async () => {
    tellsLogs()
    const key = join(temporaryFolder(), 'greeted')
    await makeKey(key)
    const host = await sshd.alias({ key, forced: `echo Welcome!; exec ${tcsh} -f -c "$SSH_ORIGINAL_COMMAND"` })
    const said = await placeOf(host).run(`cat\nprintf '%s\\n' "it's" '!x' '\\'\nexit 3`, { input: 'first ' })
    expect([String(said.stdout), said.code]).toEqual(["first it's\n!x\n\\\n", 3])
  })

  test('the connection lies in a folder that nobody else can enter, or there is none', async () => {
    tellsLogs()
    const folder = join(temporaryFolder(), 'with %h and spaces')
    const shared = join(folder, `basil-ssh-${process.getuid?.()}`)
    const before = process.env['TMPDIR']
    onTestFinished(() => {
      if (before === undefined) delete process.env['TMPDIR']
      else process.env['TMPDIR'] = before
    })
    mkdirSync(shared, { recursive: true, mode: 0o700 })
    process.env['TMPDIR'] = folder
    const place = placeOf(await sshd.alias({}))
    expect(await place.run('echo here')).toMatchObject({ code: 0 })
    expect(readdirSync(shared)).toHaveLength(1)
    chmodSync(shared, 0o770)
    await expect(place.run('true')).rejects.toMatchObject({
      record: { code: 'not-allowed', where: shared, why: expect.stringContaining('not yours alone') },
    })
  })
})

/** All models but the pre-trained one lie there already. */
function fixture() {
  const base = temporaryFolder()
  const models = join(base, 'models')
  const absolute = absoluteIn(modelsIn(models))
  cpSync(models, join(base, 'shared'), { recursive: true })
  writeFileSync(join(base, 'shared', 'base.safetensors'), 'another')
  const change = { paths: [{ here: models, there: join(base, 'shared') }] }
  return { ...{ base, home: join(base, 'home'), folder: join(base, 'cluster') }, absolute, change }
}

async function bitsHere({ base, absolute }: ReturnType<typeof fixture>): Promise<string[]> {
  const here = await toyWorkbench(join(base, 'here'))
  const { runs } = await untilOver(here, await here.studies.start(toyStudy([1]), absolute))
  return runs.map(({ run }) => bitsOfEither(here, run))
}

async function probed({ clusters }: Workbench): Promise<Probe> {
  for await (const told of clusters.probe('toys', new AbortController().signal))
    if (told.type === 'result') return told.result
  return expect.fail('the probe ended without a result')
}

/** What runs it is neither the first nor, by name, the last of its files. */
function threeFiles(thin: Program): Program {
  const [launcher] = thin.files as [ProgramFile]
  const one: ProgramFile = { name: 'app/one', from: Buffer.from('one'), mode: 0o644, bytes: 3 }
  const files = [one, launcher, { ...launcher, name: 'bin/node' }]
  return { ...thin, sha256: sha256('3'.repeat(64)), bytes: 3 + 2 * launcher.bytes, files }
}

/** For sh, before the program: a claim and the tasks are there, and half of the first news arrives. */
const cutsOfAnswers = (base: string): string[] => [
  'if [ "$1" = ask ] && [ -z "$inner" ]; then',
  '  question=$(cat) of=',
  '  said=$(printf %s "$question" | inner=1 "$0" ask)',
  '  case $question in \'{"ask":"claim"\'*) of=claim ;; \'{"ask":"prepare"\'*) of=prepare ;; esac',
  '  case $said in *\'"lines":["\'*) of=look ;; esac',
  `  if [ -n "$of" ] && mkdir '${base}'/cut-$of 2>/dev/null; then`,
  '    [ $of = look ] && printf %.300s "$said"',
  '    exec cut',
  '  fi',
  '  printf %s "$said"; exit',
  'fi',
]

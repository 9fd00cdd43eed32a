// The door without a window: every command of basil. Each opens what it needs (history for reading or writing, the
// engine's process), does one thing, and closes it again. Reading commands work while another process trains.

import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'

import { Command, Option } from 'commander'

import packageJson from '../package.json' with { type: 'json' }
import type { BenchOptions } from './bench/bench.ts'
import { basesCommand } from './cli/bases.ts'
import { clusterCommand } from './cli/cluster/command.ts'
import { compatibleCommand, diffCommand } from './cli/compare.ts'
import { convertCommand, exportedLines, formOf, withFormOptions } from './cli/convert.ts'
import { dataCommand } from './cli/data/command.ts'
import { examinationLines } from './cli/doctor.ts'
import { toldToEnd } from './cli/ending.ts'
import { engineCommand } from './cli/engine.ts'
import { evalCommand } from './cli/eval/command.ts'
import { disentangleCommand } from './cli/eval/disentangle.ts'
import { extractLoraCommand } from './cli/extract-lora.ts'
import { fineTuneCommand } from './cli/fine-tune.ts'
import { followRun } from './cli/follow.ts'
import { forThisCommand } from './cli/for-this-command.ts'
import { headsCommand } from './cli/heads.ts'
import { historyCommand } from './cli/history.ts'
import { libraryCommand } from './cli/library/command.ts'
import { mergeCommand } from './cli/merge.ts'
import { keptInHistory } from './cli/merge-kept.ts'
import { methodsCommand, schemaCommand } from './cli/methods.ts'
import { wholeNumber } from './cli/numbers.ts'
import { fail, onClosedPipe, print, printJson } from './cli/output.ts'
import { detailLines, inspectionLines } from './cli/print.ts'
import { queueCommand } from './cli/queue/command.ts'
import { reportCommand } from './cli/report.ts'
import { runsCommand } from './cli/runs.ts'
import { studyCommand } from './cli/study/command.ts'
import { presetCommand } from './cli/study/preset.ts'
import { refineCommand } from './cli/study/refine.ts'
import { verifyCommand } from './cli/verify.ts'
import { chosenEnvironment, here, openHere, resources, root, withEngine, withWorkbench } from './cli/with.ts'
import { engineChoiceSchema } from './contract/api/engines.ts'
import type { RunId } from './contract/branded.ts'
import { dataFolder } from './files/data-folder.ts'
import { beginLog, logsFolderIfAny, say } from './files/log.ts'
import { examine } from './workbench/problem/examination.ts'
import { resolveFile } from './workbench/projects.ts'

const program = new Command('basil')
  .description('Learns how to combine fine-tuned models, and keeps every run.')
  .version(packageJson.version)
  .showHelpAfterError()
  .configureHelp({ showGlobalOptions: true })
  .addOption(
    new Option(
      '--device <device>',
      "auto, cpu, gpu:N or a part of a card's name for this command, whatever was chosen",
    ),
  )
  .addOption(
    new Option('--engine <engine>', 'the engine for this command, whatever was chosen').choices(
      engineChoiceSchema.options,
    ),
  )
  .hook('preAction', async (whole, command) => {
    const kind = command.name() === 'serve' ? 'server' : 'terminal'
    beginLog(logsFolderIfAny, kind)
    await forThisCommand(whole.opts())
  })
  .addHelpText(
    'after',
    `
Examples:
  basil demo                          learn on the sample and compare the methods
  basil run my-models/run.json        run a configuration; Ctrl+C stops and keeps the best so far
  basil export 3 --out merged.safetensors
  basil serve                         the workbench in your browser

Exit codes: 0 fine, 1 the run failed, 2 the configuration is wrong, 3 a file was refused.
The data folder is BASIL_HOME, else ~/.local/share/basil.`,
  )

program
  .command('run')
  .argument('<config>', 'a configuration; its paths are relative to it')
  .description('start a run and follow it to its end')
  .option('--json', 'events as JSON, one a line')
  .action(async (file: string, { json = false }) => {
    const config = await resolveFile(file).catch((error: unknown) => fail(error, json, 2))
    if (config)
      await withWorkbench(json, true, async (workbench) =>
        followRun(workbench, await workbench.runs.start(config), json),
      )
  })

program
  .command('resume')
  .argument('<run>', 'number of the run', wholeNumber)
  .description('go on with an interrupted run after its last kept epoch')
  .option('--json', 'events as JSON, one a line')
  .action((run: RunId, { json = false }) =>
    withWorkbench(json, true, async (workbench) => followRun(workbench, await workbench.runs.resume(run), json)),
  )

program
  .command('demo')
  .description('learn on the sample, on this machine, and compare the methods')
  .option('--json', 'results as JSON')
  .option('--seeds <n>', 'how many seeds', wholeNumber, 1)
  .action(({ json = false, seeds }) =>
    withWorkbench(json, true, async (workbench) => {
      onClosedPipe(() => void workbench.close())
      const { demo } = await import('./cli/demo.ts')
      await demo(workbench, { json, seeds })
    }),
  )

program
  .command('show')
  .argument('<run>', 'number of the run', wholeNumber)
  .description('all that is known of a run')
  .option('--json', 'as JSON')
  .action((run: RunId, { json = false }) =>
    withWorkbench(json, false, async (workbench) => {
      const detail = workbench.runs.show(run)
      if (json) printJson(detail)
      else for (const line of detailLines(detail)) print(line)
    }),
  )

const exportCommand = program
  .command('export')
  .argument('<run>', 'number of the run', wholeNumber)
  .description('write the model of a run and its card, rebuilt from its parents')
  .requiredOption('--out <file>', 'where to')
  .option('--iteration <k>', 'after this iteration, 0 being the start; the last accepted one if not given', wholeNumber)
  .option('--epoch <n>', 'any state of that iteration; its chosen one if not given', wholeNumber)
  .option('--overwrite', 'replace the file, and its card, if they are there')
  .option('--json', 'as JSON')
withFormOptions(exportCommand, 'the pre-trained model').action(
  (run: RunId, { json = false, out, iteration = null, epoch = null, overwrite = false, ...given }) =>
    withWorkbench(json, false, async (workbench) => {
      const exported = await workbench.exports.export(
        run,
        { iteration, epoch, form: formOf(out, given) },
        { out: resolve(out), overwrite },
      )
      if (json) return printJson(exported)
      for (const line of exportedLines(exported)) print(line)
      print(`${exported.card}: its card`)
    }),
)

program
  .command('inspect')
  .argument('<file>', 'a checkpoint or data file')
  .description('what a file is, without using it')
  .option('--json', 'as JSON')
  .action((file: string, { json = false }) =>
    withEngine(json, async (supervisor) => {
      const inspection = await supervisor.ask((client) => client.inspect({ file: resolve(file) }))
      if (json) return printJson(inspection)
      for (const line of inspectionLines(inspection)) print(line)
    }),
  )

program
  .command('serve')
  .description('the workbench in a browser on this machine')
  .option('--port <n>', 'a port of 127.0.0.1; if not given the one of last time, or any free one', wholeNumber, 0)
  .action(({ port }) =>
    withWorkbench(false, true, async (workbench) => {
      const { serve } = await import('./server/serve.ts')
      const served = await serve(workbench, {
        ...{ port, renderer: join(root, 'out', 'renderer') },
        open: (restored) => openHere(true, restored),
        failed: (error) => {
          fail(error, false)
          process.kill(process.pid, 'SIGTERM')
        },
      })
      say('served')
      print(`Basil is at ${served.url}\nCtrl+C ends it.`)
      await toldToEnd()
      await served.close()
      say('ended as it was told to')
    }),
  )

program
  .command('doctor')
  .description('the engine, the GPU or why there is none, versions, the data folder')
  .option('--json', 'as JSON')
  .action(({ json = false }) =>
    withEngine(json, async (supervisor) => {
      const found = await examine({ ...here(), engine: supervisor })
      if (json) printJson(found)
      else for (const line of examinationLines(found)) print(line)
    }),
  )

for (const command of [
  runsCommand(),
  fineTuneCommand(),
  convertCommand(),
  extractLoraCommand(),
  diffCommand(),
  compatibleCommand(),
  basesCommand(),
  mergeCommand({ resources, withEngine, kept: keptInHistory }),
  verifyCommand(),
  disentangleCommand(),
  libraryCommand(),
  dataCommand(),
  refineCommand(),
  studyCommand(),
  presetCommand(),
  clusterCommand(),
  evalCommand(),
  queueCommand(),
  historyCommand(),
  headsCommand(),
  engineCommand(),
  reportCommand(),
])
  program.addCommand(command)

program
  .command('bench')
  .description('measure the engines on this machine, against PyTorch where a Python with torch is found')
  .option('--json', 'one JSON document')
  .option('--only <words>', 'cases whose names hold one of these, as in native-b32,merge', '')
  .option('--rounds <n>', 'paired rounds a case', wholeNumber, 5)
  .option('--merge', 'merges of whole models, against mergekit and torch')
  .option('--card', "this machine's card alone: the table of its bars, CUDA and WebGPU beside PyTorch, in 9 minutes")
  .option('--dry', 'with --card: the same at tiny sizes, on any machine')
  .option('--seconds <n>', 'with --card: the time it may take', wholeNumber, 540)
  .option('--no-peer', 'our side alone')
  .option('--python <path>', 'the Python that has torch')
  .option('--scratch <folder>', 'keep the random checkpoints (4 GB) there, and use them again')
  .option(
    '--records <folder>',
    "where each result is kept as JSON; out/bench in a checkout, else the data folder's bench",
  )
  .action(
    async ({
      json = false,
      card = false,
      merge = false,
      dry = false,
      seconds,
      only,
      rounds,
      peer,
      python = null,
      scratch = null,
      ...given
    }) => {
      try {
        const [{ bench }, { visitCard }, { benchMerges }] = await Promise.all([
          import('./bench/bench.ts'),
          import('./bench/card/visit.ts'),
          import('./bench/merging/bench.ts'),
        ])
        const checkout = existsSync(join(root, 'test', 'bench'))
        const records = given.records ?? (checkout ? join(root, 'out', 'bench') : join(dataFolder(), 'bench'))
        const options: BenchOptions = {
          json,
          only,
          rounds,
          peer,
          python,
          scratch,
          basil: packageJson.version,
          environment: chosenEnvironment(),
          checkout: root,
          records,
        }
        const isSound = card
          ? await visitCard({ ...options, dry, seconds })
          : await (merge ? benchMerges : bench)(options)
        process.exitCode = isSound ? 0 : 1
      } catch (error) {
        fail(error, json)
      }
    },
  )

program.addCommand(schemaCommand())
program.addCommand(methodsCommand())

await program.parseAsync()

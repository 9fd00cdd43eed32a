// The door without a window: every command of basil. Each opens what it needs (history for reading or writing, the
// engine's process), does one thing, and closes it again. Reading commands work while another process trains.

import { Command, Option } from 'commander'

import packageJson from '../package.json' with { type: 'json' }
import { forThisCommand } from './cli/for-this-command.ts'
import { engineChoiceSchema } from './contract/api/engines.ts'
import { beginLog, logsFolderIfAny } from './files/log.ts'

/** Each is loaded when it is asked for. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  run: async () => (await import('./cli/run.ts')).runCommand(),
  resume: async () => (await import('./cli/run.ts')).resumeCommand(),
  demo: async () => (await import('./cli/demo.ts')).demoCommand(),
  show: async () => (await import('./cli/show.ts')).showCommand(),
  export: async () => (await import('./cli/export.ts')).exportCommand(),
  inspect: async () => (await import('./cli/inspect.ts')).inspectCommand(),
  serve: async () => (await import('./cli/serve.ts')).serveCommand(),
  doctor: async () => (await import('./cli/doctor.ts')).doctorCommand(),
  runs: async () => (await import('./cli/runs.ts')).runsCommand(),
  'fine-tune': async () => (await import('./cli/fine-tune.ts')).fineTuneCommand(),
  convert: async () => (await import('./cli/convert.ts')).convertCommand(),
  'extract-lora': async () => (await import('./cli/extract-lora.ts')).extractLoraCommand(),
  diff: async () => (await import('./cli/compare.ts')).diffCommand(),
  compatible: async () => (await import('./cli/compare.ts')).compatibleCommand(),
  bases: async () => (await import('./cli/bases.ts')).basesCommand(),
  merge: async () => {
    const [{ mergeCommand }, { keptInHistory }, { resources, withEngine }] = await Promise.all([
      import('./cli/merge.ts'),
      import('./cli/merge-kept.ts'),
      import('./cli/with.ts'),
    ])
    return mergeCommand({ resources, withEngine, kept: keptInHistory })
  },
  verify: async () => (await import('./cli/verify.ts')).verifyCommand(),
  disentangle: async () => (await import('./cli/eval/disentangle.ts')).disentangleCommand(),
  library: async () => (await import('./cli/library/command.ts')).libraryCommand(),
  data: async () => (await import('./cli/data/command.ts')).dataCommand(),
  refine: async () => (await import('./cli/study/refine.ts')).refineCommand(),
  study: async () => (await import('./cli/study/command.ts')).studyCommand(),
  preset: async () => (await import('./cli/study/preset.ts')).presetCommand(),
  cluster: async () => (await import('./cli/cluster/command.ts')).clusterCommand(),
  eval: async () => (await import('./cli/eval/command.ts')).evalCommand(),
  queue: async () => (await import('./cli/queue/command.ts')).queueCommand(),
  history: async () => (await import('./cli/history.ts')).historyCommand(),
  heads: async () => (await import('./cli/heads.ts')).headsCommand(),
  engine: async () => (await import('./cli/engine.ts')).engineCommand(),
  report: async () => (await import('./cli/report.ts')).reportCommand(),
  bench: async () => (await import('./cli/bench.ts')).benchCommand(),
  schema: async () => (await import('./cli/methods.ts')).schemaCommand(),
  methods: async () => (await import('./cli/methods.ts')).methodsCommand(),
}

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

// The one that is typed; all of them where it is none, for help and for what may have been meant.
const [typed = ''] = program.parseOptions(process.argv.slice(2)).operands
const wanted = Object.hasOwn(commands, typed) ? [typed] : Object.keys(commands)
for (const name of wanted) program.addCommand((await commands[name]?.()) as Command)

await program.parseAsync()

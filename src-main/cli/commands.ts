// The commands of the terminal. Each is loaded when it is asked for: what a command does not need it does not wait for.
import type { Command } from 'commander'

/** In the order of the help; each has the name it stands under. */
export const commands: Readonly<Record<string, () => Promise<Command>>> = {
  run: async () => (await import('./run.ts')).runCommand(),
  resume: async () => (await import('./run.ts')).resumeCommand(),
  demo: async () => (await import('./demo.ts')).demoCommand(),
  show: async () => (await import('./show.ts')).showCommand(),
  export: async () => (await import('./export.ts')).exportCommand(),
  inspect: async () => (await import('./inspect.ts')).inspectCommand(),
  serve: async () => (await import('./serve.ts')).serveCommand(),
  doctor: async () => (await import('./doctor.ts')).doctorCommand(),
  runs: async () => (await import('./runs.ts')).runsCommand(),
  'fine-tune': async () => (await import('./fine-tune.ts')).fineTuneCommand(),
  convert: async () => (await import('./convert.ts')).convertCommand(),
  'extract-lora': async () => (await import('./extract-lora.ts')).extractLoraCommand(),
  diff: async () => (await import('./compare.ts')).diffCommand(),
  compatible: async () => (await import('./compare.ts')).compatibleCommand(),
  bases: async () => (await import('./bases.ts')).basesCommand(),
  merge: async () => {
    const [{ mergeCommand }, { keptInHistory }, { resources, withEngine }] = await Promise.all([
      import('./merge.ts'),
      import('./merge-kept.ts'),
      import('./with.ts'),
    ])
    return mergeCommand({ resources, withEngine, kept: keptInHistory })
  },
  verify: async () => (await import('./verify.ts')).verifyCommand(),
  disentangle: async () => (await import('./eval/disentangle.ts')).disentangleCommand(),
  library: async () => (await import('./library/command.ts')).libraryCommand(),
  data: async () => (await import('./data/command.ts')).dataCommand(),
  refine: async () => (await import('./study/refine.ts')).refineCommand(),
  study: async () => (await import('./study/command.ts')).studyCommand(),
  preset: async () => (await import('./study/preset.ts')).presetCommand(),
  cluster: async () => (await import('./cluster/command.ts')).clusterCommand(),
  eval: async () => (await import('./eval/command.ts')).evalCommand(),
  queue: async () => (await import('./queue/command.ts')).queueCommand(),
  history: async () => (await import('./history.ts')).historyCommand(),
  heads: async () => (await import('./heads.ts')).headsCommand(),
  engine: async () => (await import('./engine.ts')).engineCommand(),
  report: async () => (await import('./report.ts')).reportCommand(),
  bench: async () => (await import('./bench.ts')).benchCommand(),
  schema: async () => (await import('./methods.ts')).schemaCommand(),
  methods: async () => (await import('./methods.ts')).methodsCommand(),
}

// The door without a window: every command of basil. Each opens what it needs (history for reading or writing, the
// engine's process), does one thing, and closes it again. Reading commands work while another process trains.

import { Command, Option } from 'commander'

import packageJson from '../package.json' with { type: 'json' }
import { commands } from './cli/commands.ts'
import { forThisCommand } from './cli/for-this-command.ts'
import { engineChoiceSchema } from './contract/api/engines.ts'
import { beginLog, logsFolderIfAny } from './files/log.ts'

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
const wanted = Object.hasOwn(commands, typed) ? [commands[typed]] : Object.values(commands)
for (const load of wanted) if (load) program.addCommand(await load())

await program.parseAsync()

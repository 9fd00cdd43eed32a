// What a configuration may say. basil schema: all of it. basil methods [name]: the methods and objectives there are,
// and the page of one: what it does, where it was published, what it needs, and the fields it reads with their values
// and bounds, as its card has them.
import { Argument, Command } from 'commander'

import { methods } from '../contract/methods/index.ts'
import { type CardPage, type FieldLine, methodPage, objectivePage } from '../contract/methods/page.ts'
import { objectives } from '../contract/objectives/index.ts'
import { configJsonSchema } from '../contract/run/resolve.ts'
import { print, printJson } from './output.ts'

export function methodsCommand(): Command {
  const names = [...methods, ...objectives].map(({ name }) => name)
  return new Command('methods')
    .description('the methods and objectives of a run: what they do, where from, what they read')
    .addArgument(new Argument('[name]', 'the page of one').choices(names))
    .option('--json', 'as JSON')
    .action((name: string | undefined, { json = false }: { json?: boolean }) => {
      if (name === undefined) return json ? printJson(everything()) : listLines().forEach(print)
      const page = methodPage(name) ?? objectivePage(name)
      if (!page) return
      if (json) printJson(page)
      else pageLines(page).forEach(print)
    })
}

export function schemaCommand(): Command {
  return new Command('schema')
    .description("a configuration's JSON Schema, for editors")
    .action(() => print(JSON.stringify(configJsonSchema(), null, 2)))
}

const everything = () => ({
  methods: methods.map(({ name }) => methodPage(name)),
  objectives: objectives.map(({ name }) => objectivePage(name)),
})

function listLines(): string[] {
  const line = (card: { name: string; title: string; sentence: string }): string =>
    `  ${card.name.padEnd(16)} ${card.title}: ${card.sentence}`
  return ['Methods', ...methods.map(line), '', 'Objectives', ...objectives.map(line)]
}

export function pageLines({ name, title, sentence, when, costs, equation, paper, needs, fields }: CardPage): string[] {
  return [
    `${name}: ${title}`,
    `${sentence}. ${when}. ${costs}.`,
    '',
    `  ${equation}`,
    '',
    ...(paper ? [paper] : []),
    `${needs.charAt(0).toUpperCase()}${needs.slice(1)}`,
    ...(fields.length ? ['', 'Reads', ...fields.map(fieldLine)] : []),
  ]
}

function fieldLine({ name, symbol, value, bounds, description }: FieldLine): string {
  const named = symbol ? `${name} (${symbol})` : name
  const stands =
    value === undefined ? '' : value === null ? 'none' : Array.isArray(value) ? `[${value}]` : String(value)
  return `  ${named.padEnd(23)} ${stands.padEnd(10)} ${[bounds, description].filter(Boolean).join('; ')}`.trimEnd()
}

// A configuration as somebody wrote it: JSON, or YAML where the file's name says so.
import { parse } from 'yaml'

import { parseJson } from '../contract/json.ts'

/** Throws what the parser says; what it would only warn of, on stderr, is nothing to the person. */
export function parseWritten(text: string, name: string): unknown {
  return /\.ya?ml$/i.test(name) ? parse(text, { maxAliasCount: 0, logLevel: 'error' }) : parseJson(text)
}

/**
 * Fields are named in messages, so first it must be a configuration that somebody wrote, and not any JSON of the disk.
 */
export function isMeantAsConfig(config: unknown): boolean {
  return (
    typeof config === 'object' &&
    config !== null &&
    ['method', 'pretrained', 'tasks'].some((field) => Object.hasOwn(config, field))
  )
}

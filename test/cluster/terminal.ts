// What a command for clusters says when it is called in a test's own process.
import { onTestFinished, vi } from 'vitest'

/** What is printed from now on, and the exit code that is set. */
export function heard(): { said(): string; code(): number; clear(): void } {
  const lines: string[] = []
  const hear = (text: string | Uint8Array): boolean => lines.push(String(text)) > 0
  const spies = [vi.spyOn(process.stdout, 'write'), vi.spyOn(process.stderr, 'write')]
  for (const spy of spies) spy.mockImplementation(hear)
  onTestFinished(() => {
    for (const spy of spies) spy.mockRestore()
    process.exitCode = undefined
  })
  return { said: () => lines.join(''), code: () => Number(process.exitCode), clear: () => void lines.splice(0) }
}

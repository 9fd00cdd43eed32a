// Methods by name, and by what their cards say.
import type { MethodCard, MethodField, StageKind } from './card.ts'
import { methods } from './index.ts'

export type MethodName = (typeof methods)[number]['name']

/** Undefined where no method is called so. */
export function methodCard(name: string): MethodCard | undefined {
  return methods.find((card) => card.name === name)
}

/** Of all that can be such a stage, in the list's order. */
export function methodNames(stage: StageKind): MethodName[] {
  return methods.filter((card: MethodCard) => card.stages.includes(stage)).map(({ name }) => name)
}

/** Whether runs of this method are a start and iterations. */
export const iterates = (name: string): boolean => methodCard(name)?.stages.includes('iteration') ?? false

export const reads = (name: string, field: MethodField): boolean => methodCard(name)?.reads[field] !== undefined

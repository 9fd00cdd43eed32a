// Values that must not be mixed, told apart by their types where they pass from room to room: a hash is no other text,
// bytes are no milliseconds, a run's number is no other. In JSON and in the database they are the plain value; each is
// made by its one constructor, or comes out of a schema.
import { z } from 'zod'

/** Of content, hexadecimal. */
export const sha256Schema = z.string().brand<'Sha256'>()
export type Sha256 = z.infer<typeof sha256Schema>
export const sha256 = (hex: string): Sha256 => sha256Schema.parse(hex)

export const bytesSchema = z.number().brand<'Bytes'>()
export type Bytes = z.infer<typeof bytesSchema>
export const bytes = (count: number): Bytes => bytesSchema.parse(count)

const millisecondsSchema = z.number().brand<'Milliseconds'>()
export type Milliseconds = z.infer<typeof millisecondsSchema>
export const milliseconds = (count: number): Milliseconds => millisecondsSchema.parse(count)

export const runIdSchema = z.number().int().brand<'RunId'>()
export type RunId = z.infer<typeof runIdSchema>
export const runId = (number: number): RunId => runIdSchema.parse(number)

// The part of the WebAssembly interface that we use: TypeScript keeps it in its browser library, which this room,
// a plain Node one, does not load.
declare namespace WebAssembly {
  interface Memory {
    readonly buffer: SharedArrayBuffer
    grow(pages: number): number
  }
  type Module = object
  interface Instance {
    readonly exports: Record<string, unknown>
  }
  interface ExportDescriptor {
    name: string
    kind: 'function' | 'global' | 'memory' | 'table'
  }
  const Memory: new (limits: { initial: number; maximum: number; shared: true }) => Memory
  const Module: {
    new (bytes: Uint8Array): Module
    exports(module: Module): ExportDescriptor[]
  }
  const Instance: new (module: Module, imports: Record<string, Record<string, unknown>>) => Instance
  function validate(bytes: Uint8Array): boolean
}

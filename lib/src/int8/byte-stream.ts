/** Numbers to bytes and back, little-endian. */

export class ByteWriter {
  private readonly parts: Uint8Array[] = [];

  /** A whole number of `width` bytes, 1, 2 or 4. */
  unsigned(value: number, width: 1 | 2 | 4): this {
    return this.bytes(Uint8Array.from({ length: width }, (_, i) => value >>> (8 * i)));
  }

  float32(value: number): this {
    const view = new DataView(new ArrayBuffer(4));
    view.setFloat32(0, value, true);
    return this.bytes(new Uint8Array(view.buffer));
  }

  bytes(bytes: Uint8Array): this {
    this.parts.push(bytes);
    return this;
  }

  /** Everything written so far, copied. */
  finish(): Uint8Array {
    const all = new Uint8Array(this.parts.reduce((length, part) => length + part.length, 0));
    let at = 0;
    for (const part of this.parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }
}

/** Reads from `position` on; calls `fail`, which throws, where the bytes end too early. */
export class ByteReader {
  private readonly view: DataView;

  constructor(
    private readonly source: Uint8Array,
    private position: number,
    readonly fail: (problem: string) => never,
  ) {
    this.view = new DataView(source.buffer, source.byteOffset, source.length);
  }

  get remaining(): number {
    return this.source.length - this.position;
  }

  unsigned(width: 1 | 2 | 4): number {
    const at = this.advance(width);
    if (width === 4) return this.view.getUint32(at, true);
    return width === 2 ? this.view.getUint16(at, true) : this.view.getUint8(at);
  }

  float32(): number {
    return this.view.getFloat32(this.advance(4), true);
  }

  /** A view, not a copy. */
  bytes(count: number): Uint8Array {
    const at = this.advance(count);
    return this.source.subarray(at, at + count);
  }

  /** One of `choices`, by its number. */
  choice<T>(what: string, choices: readonly T[]): T {
    const index = this.unsigned(1);
    if (index >= choices.length) this.fail(`expected the ${what} in 0 … ${choices.length - 1}, got ${index}`);
    return choices[index] as T;
  }

  private advance(count: number): number {
    const { position, remaining } = this;
    if (count > remaining) this.fail(`expected ${count} more bytes at byte ${position}, got ${remaining}`);
    this.position += count;
    return position;
  }
}

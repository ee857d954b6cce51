/** What this library uses of jsfive 0.4.2, which ships no types. */
declare module "jsfive" {
  /** A header message of an HDF5 object; `offset_to_message` and `size` are in bytes. */
  type Message = Map<"type" | "size" | "offset_to_message", number>;

  class DataObjects {
    readonly offset: number;
    readonly is_dataset: boolean;
    readonly shape: number[];
    readonly dtype: string | unknown[];
    find_msg_type(type: number): Message[];
    unpack_attribute(offset: number): [name: string, value: unknown];
    _get_data_message_properties(
      offset: number,
    ): [version: number, dims: number, layout: number, at: number];
  }

  class Dataset {
    readonly _dataobjects: DataObjects;
  }

  class Group {
    readonly keys: string[];
    readonly _dataobjects: DataObjects;
    get(name: string): Group | Dataset | null;
  }

  class File extends Group {
    constructor(buffer: ArrayBuffer, name?: string);
  }
}

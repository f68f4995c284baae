/** @file Options of the reader of time series, and what it says of its reading. */
import type { Frequency } from "../../tasks/index.ts";
import type { ReadRecordsOptions } from "./record.ts";
import type { Decimal } from "./table-numbers.ts";

export type ReadSeriesOptions = ReadRecordsOptions & {
  /**
   * Column of the times, or several with commas between them: "Date,Time", "year,month,day".
   * Default "date", or else the one that looks like it.
   */
  readonly time?: string | undefined;
  /** Column of the values. Default "value", or else the only one of numbers. */
  readonly value?: string | undefined;
  /**
   * Columns of a wide table, each a series of that name, with commas between them; "*" are all
   * columns of numbers. Default: there is one column of values.
   */
  readonly values?: string | undefined;
  /** Column that tells series apart, whose rows may be mixed. Default: all rows are one series. */
  readonly series?: string | undefined;
  /** Columns of what is known in advance. Default: none. */
  readonly covariates?: readonly string[] | undefined;
  /**
   * Take times that are left out as missing values, with the covariates of the time before. Default
   * false: they are an error.
   */
  readonly fillGaps?: boolean | undefined;
  /**
   * Format of the dates: "dd.MM.yyyy", "%d.%m.%Y", "milliseconds". Default: told by all of them.
   */
  readonly dateFormat?: string | undefined;
  /** Decimal sign. Default: told by all numbers. */
  readonly decimal?: Decimal | undefined;
  /**
   * Zone of times without an offset, such as "Europe/Berlin". Default: that of all offsets, or UTC.
   */
  readonly timeZone?: string | undefined;
  /** Time from row to row, such as "hour", "15 minutes" or "weekday". Default: told by all rows. */
  readonly frequency?: string | undefined;
  /** Leave out rows that can't be read, which is told. Default false: they are an error. */
  readonly skipBad?: boolean | undefined;
  /** Form and frequency of earlier files, which count where these files leave a choice. */
  readonly like?: (Partial<SeriesReading> & { readonly frequency?: Frequency | undefined }) | undefined;
};

/** Form of the files of series. */
export type SeriesReading = TableReading & { readonly fillGaps: boolean; readonly skipBad: boolean };

/** Form of a table. */
export type TableReading = {
  /** Columns of the dates, with commas between them. */
  readonly time: string;
  /** Column of the values, or columns of a wide table with commas between them. */
  readonly value: string;
  readonly isWide: boolean;
  /** Format of the dates; "" where several fit them. */
  readonly dateFormat: string;
  readonly decimal: Decimal;
};

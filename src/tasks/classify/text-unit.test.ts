import { expect, test } from "vitest";
import { classifier } from "./model.ts";
import { textUnit } from "./text-unit.ts";

test.each<[name: string, texts: readonly string[], unit: "char" | "word"]>([
  ["English", ["the parcel came late again", "free prizes for all who call now"], "word"],
  ["German", ["Die Donaudampfschifffahrtsgesellschaft hat angerufen", "Das Paket kam zu spät"], "word"],
  ["Korean, with spaces", ["배송이 너무 늦게 왔어요", "정말 마음에 듭니다 또 살게요"], "word"],
  ["Chinese", ["这家餐厅的菜很好吃已经去了三次", "服务太差,再也不来了"], "char"],
  ["Chinese with spaces after clauses", ["这家餐厅的菜很好吃, 已经去了3次", "服务太差 再也不来了"], "char"],
  ["Japanese with Latin words", ["このカメラはとても良いです USB も付いている", "すぐに壊れました"], "char"],
  ["Thai", ["ร้านนี้อร่อยมาก จะกลับมาอีก", "บริการแย่มาก"], "char"],
  ["English with a Chinese name", ["Mr Wang (王) has sent the mail twice now", "no answer yet from Beijing"], "word"],
  ["names", ["Müller", "O'Neill", "Kowalski", "van Dyk"], "char"],
  ["DNA", ["ACGTTGCAAC".repeat(8), "TTTACGACGA".repeat(8)], "char"],
  ["addresses", ["https://example.org/a/b?c=d see", "http://spam.example/win/now"], "char"],
  ["one word among empty texts", ["", "  ", "good value for the money"], "word"],
  ["none", [""], "word"],
])("%s", (_, texts, unit) => {
  expect(textUnit(texts)).toBe(unit);
});

test("a classifier reads what its examples are made of, unless it is told", () => {
  const examples = ["这家餐厅很好", "服务太差"].map((input, i) => ({ input, label: String(i) }));
  expect(classifier({ examples }).vocabulary?.unit).toBe("char");
  expect(classifier({ examples, unit: "word" }).vocabulary?.unit).toBe("word");
  const english = ["a very good place", "they are always late"].map((input, i) => ({ input, label: String(i) }));
  expect(classifier({ examples: english }).vocabulary?.unit).toBe("word");
});

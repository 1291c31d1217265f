-- Something of everything: calls, tables, strings, patterns, coroutines, numbers, errors, collection.
local function fib(n) if n < 2 then return n end return fib(n-1) + fib(n-2) end
print(_VERSION, fib(20))
local t = {}
for i = 1, 1000 do t[i] = (i * 7919) % 1009 end
table.sort(t)
print(t[1], t[500], t[1000], #t)
print(string.format("%5.2f %s %q %x", math.pi, "text", "a\nb", 255))
local s = ("hypervisor "):rep(3):gsub("v", "V")
print(s, s:find("V"), s:len())
print(select(2, pcall(error, "message")))
local co = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i * i) end end)
print(co(), co(), co())
local words = {}
for w in ("the quick brown fox jumps over the lazy dog"):gmatch("%a+") do words[w] = (words[w] or 0) + 1 end
local keys = {}
for k in pairs(words) do keys[#keys + 1] = k .. "=" .. words[k] end
table.sort(keys)
print(table.concat(keys, " "))
print(10 // 3, 10 % 3, 2 ^ 10, 7 / 2, 1e100, 0x7fffffffffffffff + 1 == math.mininteger)
print(string.pack("<i4", 100):byte(1, -1))
print(utf8.char(72, 228, 8364), utf8.len("Hä€"))
print(math.sin(1), math.exp(1), math.floor(-2.5), math.type(3), math.type(3.0))
print(collectgarbage("count") > 10)
print(tostring(nil), tonumber("0x1p4"), tonumber("z", 36))

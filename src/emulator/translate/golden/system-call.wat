mov eax, 39
syscall
ret

156 bytes
locals 1 i64, 2 i32
  local.get 0
  i64.load +88
  local.set 9
  local.get 0
  i32.load +152
  local.set 10
  block i32
    i32.const 39
    i64.extend_i32_u
    local.set 3
    local.get 0
    i32.load +160
    local.get 0
    i64.load +168
    local.get 0
    i64.load +176
    local.get 0
    i64.load +184
    call 9
    local.set 11
    i64.const 4194311
    local.set 4
    local.get 10
    local.get 11
    i32.or
    i64.extend_i32_u
    local.set 9
    local.get 1
    i32.const 2
    i32.sub
    local.set 1
    i32.const 4194311
    local.set 2
    i32.const 1
    br 0
    unreachable
  end
  local.get 0
  local.get 3
  i64.store
  local.get 0
  local.get 4
  i64.store +8
  local.get 0
  local.get 5
  i64.store +16
  local.get 0
  local.get 6
  i64.store +48
  local.get 0
  local.get 7
  i64.store +56
  local.get 0
  local.get 8
  i64.store +32
  local.get 0
  local.get 9
  i64.store +88
  local.get 0
  local.get 1
  i32.store +1008
  local.get 0
  local.get 2
  i32.store +128

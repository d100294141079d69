mov ah, bl
add al, ah
adc cl, 5
setc dl
ret

572 bytes
locals 1 i64, 7 i32, 1 i64, 1 i32, 1 i64, 1 i32
  local.get 0
  i64.load +24
  local.set 9
  block i32
    local.get 3
    i32.wrap_i64
    i32.const -65281
    i32.and
    local.get 9
    i32.wrap_i64
    i32.const 255
    i32.and
    i32.const 8
    i32.shl
    i32.or
    local.set 10
    local.get 3
    i64.const -4294967296
    i64.and
    local.get 10
    i64.extend_i32_u
    i64.or
    local.get 3
    i32.wrap_i64
    local.set 11
    local.set 3
    local.get 11
    i32.const 255
    i32.and
    local.set 12
    local.get 12
    local.get 10
    i32.const 8
    i32.shr_u
    i32.const 255
    i32.and
    i32.add
    i32.const 255
    i32.and
    local.set 13
    local.get 3
    i64.const -4294967296
    i64.and
    local.get 10
    i32.const -256
    i32.and
    local.get 13
    i32.or
    i64.extend_i32_u
    i64.or
    local.set 3
    local.get 4
    i32.wrap_i64
    i32.const 255
    i32.and
    local.set 14
    local.get 14
    i32.const 5
    local.get 13
    local.get 12
    i32.lt_u
    i32.add
    i32.const 255
    i32.and
    i32.add
    i32.const 255
    i32.and
    local.set 15
    local.get 4
    i64.const -4294967296
    i64.and
    local.get 4
    i32.wrap_i64
    i32.const -256
    i32.and
    local.get 15
    i32.or
    i64.extend_i32_u
    i64.or
    local.get 4
    i32.wrap_i64
    local.set 16
    local.set 4
    local.get 5
    i64.const -4294967296
    i64.and
    local.get 5
    i32.wrap_i64
    i32.const -256
    i32.and
    local.get 16
    i32.const 5
    i32.and
    local.get 14
    i32.const 5
    i32.or
    local.get 15
    i32.const 255
    i32.xor
    i32.and
    i32.or
    i32.const 7
    i32.shr_u
    i32.or
    i64.extend_i32_u
    i64.or
    local.set 5
    local.get 8
    local.set 17
    local.get 17
    i32.wrap_i64
    local.set 18
    block
      block
        local.get 17
        i32.const 0
        i64.load +2048
        i64.and
        i64.const 0
        i64.ne
        br_if 0
        local.get 18
        i32.const 12
        i32.shr_u
        i32.load8_u +1048576
        local.get 18
        i32.const 7
        i32.add
        i32.const 12
        i32.shr_u
        i32.load8_u +1048576
        i32.and
        i32.const 1
        i32.and
        br_if 1
      end
      local.get 1
      i32.const 4
      i32.sub
      local.set 1
      i32.const 4194314
      local.set 2
      local.get 0
      i32.const 520
      i32.store +160
      local.get 0
      local.get 15
      i32.store +168
      local.get 0
      local.get 14
      i32.store +176
      local.get 0
      i32.const 5
      i32.store +184
      i32.const 0
      br 1
    end
    local.get 18
    i64.load
    local.set 19
    local.get 19
    i64.const 4294967295
    i64.gt_u
    if
      local.get 1
      i32.const 4
      i32.sub
      local.set 1
      i32.const 4194314
      local.set 2
      local.get 0
      i32.const 520
      i32.store +160
      local.get 0
      local.get 15
      i32.store +168
      local.get 0
      local.get 14
      i32.store +176
      local.get 0
      i32.const 5
      i32.store +184
      i32.const 0
      br 1
    end
    local.get 17
    i64.const 8
    i64.add
    local.set 8
    local.get 19
    i32.wrap_i64
    local.set 20
    local.get 1
    i32.const 5
    i32.sub
    local.set 1
    local.get 1
    i32.const 0
    i32.le_s
    if
      local.get 20
      local.set 2
      local.get 0
      i32.const 520
      i32.store +160
      local.get 0
      local.get 15
      i32.store +168
      local.get 0
      local.get 14
      i32.store +176
      local.get 0
      i32.const 5
      i32.store +184
      i32.const 2
      br 1
    end
    local.get 0
    i32.const 520
    i32.store +160
    local.get 0
    local.get 15
    i32.store +168
    local.get 0
    local.get 14
    i32.store +176
    local.get 0
    i32.const 5
    i32.store +184
    local.get 0
    local.get 1
    local.get 20
    local.get 3
    local.get 4
    local.get 5
    local.get 6
    local.get 7
    local.get 8
    return_call 36
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
  local.get 1
  i32.store +1008
  local.get 0
  local.get 2
  i32.store +128

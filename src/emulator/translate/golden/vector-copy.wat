movdqu xmm0, [rsi]
pxor xmm0, xmm1
movdqu [rdi], xmm0
ret

505 bytes
locals 2 v128, 1 i64, 1 i32, 2 v128, 1 i64, 1 i32, 1 i64, 1 i32, 1 i64, 1 i32
  local.get 0
  v128.load +384
  local.set 9
  local.get 0
  v128.load +416
  local.set 10
  block i32
    local.get 6
    local.set 11
    local.get 11
    i32.wrap_i64
    local.set 12
    block
      block
        local.get 11
        i32.const 0
        i64.load +2048
        i64.and
        i64.const 0
        i64.ne
        br_if 0
        local.get 12
        i32.const 12
        i32.shr_u
        i32.load16_u +1048576
        i32.const 257
        i32.and
        i32.const 257
        i32.eq
        br_if 1
        local.get 12
        i32.const 12
        i32.shr_u
        i32.load8_u +1048576
        local.get 12
        i32.const 15
        i32.add
        i32.const 12
        i32.shr_u
        i32.load8_u +1048576
        i32.and
        i32.const 1
        i32.and
        br_if 1
      end
      i32.const 4194304
      local.set 2
      i32.const 0
      br 1
    end
    local.get 12
    v128.load
    local.set 13
    local.get 13
    local.set 9
    local.get 13
    local.get 10
    v128.xor
    local.set 14
    local.get 14
    local.set 9
    local.get 7
    local.set 15
    local.get 15
    i32.wrap_i64
    local.set 16
    block
      block
        local.get 15
        i32.const 0
        i64.load +2048
        i64.and
        i64.const 0
        i64.ne
        br_if 0
        local.get 16
        i32.const 12
        i32.shr_u
        i32.load16_u +1048576
        i32.const 514
        i32.and
        i32.const 514
        i32.eq
        br_if 1
        local.get 16
        i32.const 12
        i32.shr_u
        i32.load8_u +1048576
        local.get 16
        i32.const 15
        i32.add
        i32.const 12
        i32.shr_u
        i32.load8_u +1048576
        i32.and
        i32.const 2
        i32.and
        br_if 1
      end
      local.get 1
      i32.const 2
      i32.sub
      local.set 1
      i32.const 4194312
      local.set 2
      i32.const 0
      br 1
    end
    local.get 16
    local.get 14
    v128.store
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
      i32.const 3
      i32.sub
      local.set 1
      i32.const 4194316
      local.set 2
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
      i32.const 3
      i32.sub
      local.set 1
      i32.const 4194316
      local.set 2
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
    i32.const 4
    i32.sub
    local.set 1
    local.get 1
    i32.const 0
    i32.le_s
    if
      local.get 20
      local.set 2
      i32.const 2
      br 1
    end
    local.get 0
    local.get 9
    v128.store +384
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
  local.get 9
  v128.store +384
  local.get 0
  local.get 1
  i32.store +1008
  local.get 0
  local.get 2
  i32.store +128

1: movzx eax, byte ptr [rdi]
inc rdi
test al, al
jne 1b
ret

594 bytes
locals 4 i32, 1 i64, 3 i32, 1 i64
  block i32
    loop
      block
        block
          local.get 7
          i64.const 0
          i64.add
          local.tee 13
          i32.wrap_i64
          local.set 14
          local.get 13
          i32.const 0
          i64.load +2048
          i64.and
          i64.const 0
          i64.ne
          br_if 0
          local.get 14
          i32.const 12
          i32.shr_u
          i32.load16_u +1048576
          i32.const 257
          i32.and
          i32.const 257
          i32.eq
          if
            i32.const 8191
            local.get 14
            i32.const 4095
            i32.and
            i32.sub
            local.set 15
          else
            local.get 14
            i32.const 12
            i32.shr_u
            i32.load8_u +1048576
            i32.const 1
            i32.and
            i32.eqz
            br_if 1
            i32.const 4095
            local.get 14
            i32.const 4095
            i32.and
            i32.sub
            local.tee 15
            i32.const 0
            i32.lt_s
            br_if 1
          end
          local.get 15
          i32.const 4096
          i32.mul
          i32.const 10
          i32.shr_u
          local.set 16
          local.get 1
          local.get 16
          i32.sub
          local.tee 12
          i32.const 0
          local.get 12
          i32.const 0
          i32.gt_s
          select
          local.set 12
          local.get 1
          local.get 12
          i32.sub
          local.set 1
          br 1
        end
        i32.const 4194304
        local.set 2
        local.get 11
        if
          local.get 0
          i32.const 1288
          i32.store +160
          local.get 0
          local.get 9
          i32.store +168
        end
        i32.const 0
        br 2
      end
      loop
        local.get 7
        local.set 13
        local.get 13
        i32.wrap_i64
        local.set 16
        local.get 16
        i32.load8_u
        local.set 15
        local.get 15
        i64.extend_i32_u
        local.set 3
        local.get 13
        i64.const 1
        i64.add
        local.set 7
        local.get 15
        i32.eqz
        i32.eqz
        if
          local.get 1
          i32.const 4
          i32.sub
          local.set 1
          block
            local.get 1
            i32.const 0
            i32.le_s
            br_if 0
            br 2
          end
          local.get 1
          local.get 12
          i32.add
          local.tee 1
          i32.const 0
          i32.le_s
          if
            i32.const 4194304
            local.set 2
            local.get 0
            i32.const 1288
            i32.store +160
            local.get 0
            local.get 15
            i32.store +168
            i32.const 2
            br 4
          end
          local.get 15
          local.set 9
          i32.const 1
          local.set 11
          br 2
        else
          local.get 1
          local.get 12
          i32.add
          local.set 1
          local.get 8
          local.set 13
          local.get 13
          i32.wrap_i64
          local.set 16
          block
            block
              local.get 13
              i32.const 0
              i64.load +2048
              i64.and
              i64.const 0
              i64.ne
              br_if 0
              local.get 16
              i32.const 12
              i32.shr_u
              i32.load8_u +1048576
              local.get 16
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
            i32.const 1288
            i32.store +160
            local.get 0
            local.get 15
            i32.store +168
            i32.const 0
            br 4
          end
          local.get 16
          i64.load
          local.set 17
          local.get 17
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
            i32.const 1288
            i32.store +160
            local.get 0
            local.get 15
            i32.store +168
            i32.const 0
            br 4
          end
          local.get 13
          i64.const 8
          i64.add
          local.set 8
          local.get 17
          i32.wrap_i64
          local.set 14
          local.get 1
          i32.const 5
          i32.sub
          local.set 1
          local.get 1
          i32.const 0
          i32.le_s
          if
            local.get 14
            local.set 2
            local.get 0
            i32.const 1288
            i32.store +160
            local.get 0
            local.get 15
            i32.store +168
            i32.const 2
            br 4
          end
          local.get 0
          i32.const 1288
          i32.store +160
          local.get 0
          local.get 15
          i32.store +168
          local.get 0
          local.get 1
          local.get 14
          local.get 3
          local.get 4
          local.get 5
          local.get 6
          local.get 7
          local.get 8
          return_call 36
        end
      end
    end
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
